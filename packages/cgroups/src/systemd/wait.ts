/** What a wait ends with, apart from what is waited for. */
export interface WaitOptions {
  /** Milliseconds; 30000 by default. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}
