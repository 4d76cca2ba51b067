/** Names and values of a family of constants, such as the `MS_*` flags of mount(2). */
export type FlagTable = Readonly<Record<string, number | bigint>>;

/** Writes a bit mask as strace does: names joined by `|`, what has no name in hex, `0` for none. */
export function formatFlags(table: FlagTable, value: number | bigint): string {
  let rest = BigInt(value);
  if (rest === 0n) {
    const zero = Object.keys(table).find((name) => BigInt(table[name] ?? 1) === 0n);
    return zero ?? '0';
  }
  const names: string[] = [];
  for (const [name, bits] of Object.entries(table)) {
    const mask = BigInt(bits);
    if (mask !== 0n && (rest & mask) === mask) {
      names.push(name);
      rest &= ~mask;
    }
  }
  if (rest !== 0n) names.push(`0x${rest.toString(16)}`);
  return names.join('|');
}

/** Writes one of several exclusive constants by its name, or as a number where it has none. */
export function formatConstant(table: FlagTable, value: number | bigint): string {
  const wanted = BigInt(value);
  return Object.keys(table).find((name) => BigInt(table[name] ?? -1) === wanted) ?? String(value);
}
