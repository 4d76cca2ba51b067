import type { DeviceRule } from './rule.ts';

/** What may be done with a device, as bits: those of the kernel's programs for devices, `BPF_DEVCG_ACC_*`. */
export const ACCESS = { MKNOD: 1, READ: 2, WRITE: 4 } as const;
/** All of them. */
export const everyAccess = ACCESS.MKNOD | ACCESS.READ | ACCESS.WRITE;

/** Some devices of one type, and all that may be done with them. */
export interface DeviceEntry {
  readonly major: number | '*';
  readonly minor: number | '*';
  /** Bits of {@link ACCESS}. */
  readonly access: number;
}

/**
 * Rules about devices in a form in which the order of the rules no longer matters: for each type of device entries, of which
 * the narrowest one that a device belongs to says all about it. Where two overlap, there is an entry for what they share.
 */
export interface DeviceTable {
  readonly b: readonly DeviceEntry[];
  readonly c: readonly DeviceEntry[];
}

type Pattern = Pick<DeviceEntry, 'major' | 'minor'>;

/** Works out what rules come to. Of the rules about a device and a kind of access the last one counts; without one it is denied. */
export function deviceTable(rules: readonly DeviceRule[]): DeviceTable {
  return { b: entries(rules, 'b'), c: entries(rules, 'c') };
}

function entries(rules: readonly DeviceRule[], type: 'b' | 'c'): readonly DeviceEntry[] {
  const ofType = rules.filter((rule) => rule.type === type || rule.type === 'a');
  const patterns = closure(ofType);
  return patterns
    .map(({ major, minor }) => ({ major, minor, access: accessTo(ofType, { major, minor }) }))
    .toSorted(narrowestFirst);
}

/** The patterns of the rules, and whatever two of them share. */
function closure(rules: readonly DeviceRule[]): readonly Pattern[] {
  const found = new Map<string, Pattern>();
  for (const { major = '*', minor = '*' } of rules)
    found.set(`${major}:${minor}`, { major, minor });
  const all = [...found.values()];
  const majors = all.filter(({ major, minor }) => major !== '*' && minor === '*');
  const minors = all.filter(({ major, minor }) => major === '*' && minor !== '*');
  for (const { major } of majors)
    for (const { minor } of minors) found.set(`${major}:${minor}`, { major, minor });
  return [...found.values()];
}

function accessTo(rules: readonly DeviceRule[], pattern: Pattern): number {
  let access = 0;
  for (const rule of rules) {
    if (!covers({ major: rule.major ?? '*', minor: rule.minor ?? '*' }, pattern)) continue;
    const bits = accessBits(rule.access);
    access = rule.allow === false ? access & ~bits : access | bits;
  }
  return access;
}

/** Are all devices of `inner` devices of `outer` too? */
export function covers(outer: Pattern, inner: Pattern): boolean {
  return (
    (outer.major === '*' || outer.major === inner.major) &&
    (outer.minor === '*' || outer.minor === inner.minor)
  );
}

/** The bits for letters. */
export function accessBits(letters = 'rwm'): number {
  return (
    (letters.includes('r') ? ACCESS.READ : 0) |
    (letters.includes('w') ? ACCESS.WRITE : 0) |
    (letters.includes('m') ? ACCESS.MKNOD : 0)
  );
}

/** The letters for bits, in the kernel's order. */
export function accessLetters(bits: number): string {
  return (
    ((bits & ACCESS.READ) !== 0 ? 'r' : '') +
    ((bits & ACCESS.WRITE) !== 0 ? 'w' : '') +
    ((bits & ACCESS.MKNOD) !== 0 ? 'm' : '')
  );
}

/** One device, then all of a major number, then all of a minor number, then all. */
function narrowestFirst(a: DeviceEntry, b: DeviceEntry): number {
  return width(a) - width(b) || order(a.major, b.major) || order(a.minor, b.minor);
}

function width({ major, minor }: Pattern): number {
  return (major === '*' ? 2 : 0) + (minor === '*' ? 1 : 0);
}

function order(a: number | '*', b: number | '*'): number {
  return (a === '*' ? -1 : a) - (b === '*' ? -1 : b);
}

/**
 * Leaves out the entries that say what the next wider one says: the first of what is left that a device belongs to says all about it.
 */
export function shorten(list: readonly DeviceEntry[]): readonly DeviceEntry[] {
  const kept: DeviceEntry[] = [];
  for (const entry of list.toReversed()) {
    const wider = kept.find((other) => covers(other, entry));
    if ((wider?.access ?? 0) !== entry.access) kept.unshift(entry);
  }
  return kept;
}
