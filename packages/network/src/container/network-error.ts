import type { NetworkProblem } from './config.ts';

/** What a {@link NetworkConfigError} is about. */
export type NetworkErrorCode =
  | 'ERR_NETWORK_CONFIG'
  | 'ERR_NO_DEVICE'
  | 'ERR_NO_ADDRESS_LEFT'
  | 'ERR_NETWORK_OVERLAP'
  | 'ERR_ADDRESS_TAKEN'
  | 'ERR_NAME_TAKEN';

/** A network that can't be. `key` and the message name the field, and what would do. */
export class NetworkConfigError extends Error {
  override readonly name = 'NetworkConfigError';
  readonly code: NetworkErrorCode;
  /** Where in the configuration: `networks[0].address`. */
  readonly key: string;
  /** All that is wrong, the first of which the message tells. */
  readonly problems: readonly NetworkProblem[];

  constructor(code: NetworkErrorCode, problems: readonly [NetworkProblem, ...NetworkProblem[]]) {
    const [{ key, message }] = problems;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    super(`${key}: ${message}${more}`);
    this.code = code;
    this.key = key;
    this.problems = problems;
  }
}

/** The error for one thing that can't be. */
export function refusal(code: NetworkErrorCode, key: string, message: string): NetworkConfigError {
  return new NetworkConfigError(code, [{ key, message }]);
}
