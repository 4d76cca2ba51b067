/** What JSON has. Of objects, what is undefined is not written. */
type Json = string | number | boolean | null | readonly Json[] | JsonObject;

/** An object of JSON. */
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** How much is told: with `-d`, and with `-s`. */
export interface Detail {
  readonly details?: boolean | undefined;
  readonly statistics?: boolean | undefined;
  /** Only addresses of one family: of a link its own address is left out then, and so is a link without addresses. */
  readonly family?: 4 | 6 | undefined;
}

/** As `%#x` of printf(3) writes it. */
export const hex = (value: number): string => (value === 0 ? '0' : `0x${value.toString(16)}`);

/** A prefix without its length where that is the one of a single host. */
export function withoutHost(prefix: string): string {
  const [address = '', length] = prefix.split('/');
  return length === (address.includes(':') ? '128' : '32') ? address : prefix;
}
