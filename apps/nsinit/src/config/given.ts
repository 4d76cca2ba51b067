/** An object without what says nothing. */
export type Given<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** The fields that say something: what is undefined, empty or false is as good as absent. */
export function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => isGiven(value)),
  ) as Given<T>;
}

function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}
