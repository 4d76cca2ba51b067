/** Any JSON value, with its numbers and the members of its objects as they are written. */
export type Json = null | boolean | string | JsonNumber | readonly Json[] | JsonObject;

/** A number as it is written, so that none is rounded. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Its value, if it is written as an integer: `3`, and neither `3.0` nor `3e0`. */
  get integer(): bigint | undefined {
    // More digits than any number of a file of ours has; reading millions of them takes seconds.
    return /^-?\d{1,40}$/.test(this.text) ? BigInt(this.text) : undefined;
  }

  toString(): string {
    return this.text;
  }
}

/** One member of an object. */
export interface JsonMember {
  readonly key: string;
  readonly value: Json;
}

/** An object: its members in order, repeated ones included. */
export class JsonObject {
  readonly members: readonly JsonMember[];

  constructor(members: readonly JsonMember[]) {
    this.members = members;
  }

  /** The member of this name; upper and lower case are the same, and of several the last counts. */
  get(key: string): Json | undefined {
    const wanted = key.toLowerCase();
    return this.members.findLast((member) => member.key.toLowerCase() === wanted)?.value;
  }
}

/**
 * Turns a value into plain JavaScript: an integer that a number can't hold becomes a bigint, and of repeated members the last
 * counts.
 */
export function toPlain(value: Json): unknown {
  if (value instanceof JsonNumber) {
    const { integer } = value;
    const number = Number(value.text);
    return integer === undefined || Number.isSafeInteger(number) ? number : integer;
  }
  if (value instanceof JsonObject) {
    return Object.fromEntries(value.members.map((member) => [member.key, toPlain(member.value)]));
  }
  return isArray(value) ? value.map(toPlain) : value;
}

/** Is it an array? (`Array.isArray` does not see that of a readonly one.) */
export function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
