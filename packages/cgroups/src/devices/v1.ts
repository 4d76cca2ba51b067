import { CgroupError } from '../error.ts';
import type { Circumstances, Setting } from '../setting.ts';
import { checkRules } from './rules.ts';
import type { DeviceRule } from './rule.ts';
import {
  accessBits,
  accessLetters,
  covers,
  deviceTable,
  everyAccess,
  shorten,
  type DeviceEntry,
  type DeviceTable,
} from './table.ts';

const controller = 'devices';
const types = ['b', 'c'] as const;
type Type = (typeof types)[number];

/** A wider entry and a narrower one that the kernel can't tell apart as they are. */
interface Conflict {
  readonly type: Type;
  readonly narrow: DeviceEntry;
  /** What one of the two may do with the device and the other may not. */
  readonly access: number;
}

/**
 * The writes that make a cgroup of version 1 follow rules: Documentation/admin-guide/cgroup-v1/devices.rst.
 *
 * The kernel keeps one list: either of all that is allowed, or (after a rule that allows everything) of all that is denied. Where
 * the cgroup has a list of what is allowed already, only the difference is written, so that what was and stays allowed is never
 * denied meanwhile, and a cgroup that has children can be changed too.
 *
 * @param circumstances Of which `devices.list` is read.
 * @throws {CgroupError} `ERR_INVALID_RESOURCES` for rules that can't be, and where the list can't say it: when a part of
 * what is allowed is denied again.
 */
export function deviceSettings(
  rules: readonly DeviceRule[],
  circumstances: Circumstances = {},
): Setting[] {
  checkRules(rules);
  const table = deviceTable(rules);
  if (types.every((type) => allowsAll(table[type]))) return listOfDenied(rules, table);
  const conflict = types.map((type) => findConflict(table, type, 'less')).find(Boolean);
  if (conflict) throw inexpressible(rules, conflict, false);
  const allowed = listOfAllowed(table);
  const current = parseList(circumstances.read?.('devices.list') ?? everything);
  if (current) return difference(rules, current, allowed);
  return [
    { controller, file: 'devices.deny', value: 'a', key: 'devices' },
    ...[...allowed].map(([text, access]) => write(rules, 'devices.allow', text, access)),
  ];
}

const everything = 'a *:* rwm';

function allowsAll(entries: readonly DeviceEntry[]): boolean {
  const widest = entries.at(-1);
  return widest?.major === '*' && widest.minor === '*' && widest.access === everyAccess;
}

function listOfDenied(rules: readonly DeviceRule[], table: DeviceTable): Setting[] {
  const conflict = types.map((type) => findConflict(table, type, 'more')).find(Boolean);
  if (conflict) throw inexpressible(rules, conflict, true);
  const settings: Setting[] = [
    { controller, file: 'devices.allow', value: 'a', key: keyOf(rules, everything, everyAccess) },
  ];
  for (const type of types)
    for (const entry of shorten(table[type])) {
      const denied = everyAccess & ~entry.access;
      if (denied !== 0) settings.push(write(rules, 'devices.deny', numbers(type, entry), denied));
    }
  return settings;
}

/** What is allowed, by type and numbers. An entry that a wider one implies is left out. */
function listOfAllowed(table: DeviceTable): ReadonlyMap<string, number> {
  const list = new Map<string, number>();
  for (const type of types)
    for (const entry of table[type]) {
      const implied = table[type].some(
        (other) => other !== entry && covers(other, entry) && (entry.access & ~other.access) === 0,
      );
      if (!implied && entry.access !== 0) list.set(numbers(type, entry), entry.access);
    }
  return list;
}

/** An entry that has less (or more) than a wider one around it. The kernel's list adds up, it doesn't take away again. */
function findConflict(table: DeviceTable, type: Type, than: 'less' | 'more'): Conflict | undefined {
  for (const narrow of table[type])
    for (const wide of table[type]) {
      const access = than === 'less' ? wide.access & ~narrow.access : narrow.access & ~wide.access;
      if (access !== 0 && covers(wide, narrow)) return { type, narrow, access };
    }
  return undefined;
}

function inexpressible(
  rules: readonly DeviceRule[],
  { type, narrow, access }: Conflict,
  allow: boolean,
): CgroupError {
  const key = keyOf(rules, numbers(type, narrow), access, allow);
  const value = `${numbers(type, narrow)} ${accessLetters(access)}`;
  const message = allow
    ? `${key}: version 1 of cgroups can't allow '${value}' again, out of what an earlier rule denies; deny only what is meant`
    : `${key}: version 1 of cgroups can't deny '${value}' out of what an earlier rule allows; list what is allowed device by device`;
  return new CgroupError('ERR_INVALID_RESOURCES', message, { key, value });
}

/** The list of what is allowed as the kernel prints it; undefined where the cgroup allows all but some. */
function parseList(text: string): ReadonlyMap<string, number> | undefined {
  const list = new Map<string, number>();
  for (const line of text.split('\n')) {
    const parts = /^([abc] \S+) ([rwm]+)$/.exec(line);
    if (!parts) continue;
    const [, devices = '', access] = parts;
    if (devices.startsWith('a')) return undefined;
    list.set(devices, accessBits(access));
  }
  return list;
}

function difference(
  rules: readonly DeviceRule[],
  current: ReadonlyMap<string, number>,
  wanted: ReadonlyMap<string, number>,
): Setting[] {
  const settings: Setting[] = [];
  for (const [text, access] of wanted) {
    const missing = access & ~(current.get(text) ?? 0);
    if (missing !== 0) settings.push(write(rules, 'devices.allow', text, missing));
  }
  for (const [text, access] of current) {
    const surplus = access & ~(wanted.get(text) ?? 0);
    if (surplus !== 0) settings.push(write(rules, 'devices.deny', text, surplus));
  }
  return settings;
}

function write(
  rules: readonly DeviceRule[],
  file: 'devices.allow' | 'devices.deny',
  text: string,
  access: number,
): Setting {
  const value = `${text} ${accessLetters(access)}`;
  return { controller, file, value, key: keyOf(rules, text, access, file === 'devices.allow') };
}

function numbers(type: Type, { major, minor }: DeviceEntry): string {
  return `${type} ${major}:${minor}`;
}

/** Which rule it comes from: the last that says so about these devices. */
function keyOf(
  rules: readonly DeviceRule[],
  devices: string,
  access: number,
  allow = true,
): string {
  const [type, major, minor] = devices.split(/[ :]/);
  const isMeant = (rule: DeviceRule): boolean =>
    (rule.allow ?? true) === allow &&
    (rule.type === 'a' || rule.type === type) &&
    (accessBits(rule.access) & access) !== 0 &&
    fits(rule.major, major) &&
    fits(rule.minor, minor);
  const index = rules.findLastIndex(isMeant);
  return index === -1 ? 'devices' : `devices[${index}]`;
}

function fits(number: number | '*' = '*', text = '*'): boolean {
  return number === '*' || String(number) === text;
}
