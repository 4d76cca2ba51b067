/** How an attribute came that would be written differently now. */
export interface Received {
  /** Its type with all bits. */
  readonly type: number;
  /** What was read: as long as it still is that, the bytes stand for it. */
  readonly value: unknown;
  /** Its bytes, where the value does not tell them all. */
  readonly bytes: Uint8Array | undefined;
}

// Beside the objects and not in them: they are plain data, and nearly all of them need none of this.
const kept = new WeakMap<object, Map<string, Received>>();

/** Remembers how an attribute of a list came, so that writing the list again gives the bytes that were read. */
export function keepReceived(list: object, name: string, received: Received): void {
  let names = kept.get(list);
  if (!names) kept.set(list, (names = new Map()));
  names.set(name, received);
}

/** How the attributes of a list came that would be written differently now. */
export function receivedOf(list: object): ReadonlyMap<string, Received> | undefined {
  return kept.get(list);
}
