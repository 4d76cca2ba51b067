import type { Device } from '@ts-c/mount';
import { CgroupError } from '../error.ts';
import type { DeviceRule } from './rule.ts';

/** The most that a device number has room for: 12 bits of major, 20 of minor. */
const largest = { major: 0xfff, minor: 0xfffff } as const;
/** More than this no cgroup has a use for; each pair of rules may be looked at. */
const mostRules = 1000;
const types: ReadonlySet<string> = new Set(['a', 'b', 'c']);
const text = /^(?:(allow|deny) +)?([a-z])(?: +(\d+|\*):(\d+|\*)(?: +([a-z]+))?)?$/;

/**
 * Refuses rules that the kernel has no way to follow.
 *
 * @param key What to call them in an error: `devices`.
 * @throws {CgroupError} `ERR_INVALID_RESOURCES`, which names the field: `devices[2].type`.
 */
export function checkRules(rules: readonly DeviceRule[], key = 'devices'): void {
  if (rules.length > mostRules)
    throw invalid(key, `expected at most ${mostRules} rules`, rules.length);
  rules.forEach((rule, index) => checkRule(rule, `${key}[${index}]`));
}

function checkRule(rule: DeviceRule, key: string): void {
  const { type, access = 'rwm', allow = true } = rule;
  if (!types.has(type))
    throw invalid(
      `${key}.type`,
      "expected 'c' (character), 'b' (block) or 'a' (all devices)",
      type,
    );
  for (const field of ['major', 'minor'] as const) {
    const number = rule[field] ?? '*';
    if (number === '*') continue;
    if (!Number.isInteger(number) || number < 0 || number > largest[field])
      throw invalid(
        `${key}.${field}`,
        `expected a number from 0 to ${largest[field]}, or '*' for all`,
        number,
      );
  }
  if (typeof access !== 'string' || !/^[rwm]+$/.test(access))
    throw invalid(
      `${key}.access`,
      "expected one or more of 'r' (read), 'w' (write), 'm' (mknod)",
      access,
    );
  if (typeof allow !== 'boolean') throw invalid(`${key}.allow`, 'expected true or false', allow);
}

function invalid(key: string, expected: string, value: unknown): CgroupError {
  const got = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return new CgroupError('ERR_INVALID_RESOURCES', `${key}: ${expected}, got ${got}`, {
    key,
    value: String(value),
  });
}

/** Writes a rule as the files of version 1 have it: `c 1:3 rwm`, `b *:* m`. One that denies begins with `deny`. */
export function formatRule(rule: DeviceRule): string {
  const { allow = true, type, major = '*', minor = '*', access = 'rwm' } = rule;
  return `${allow ? '' : 'deny '}${type} ${major}:${minor} ${access}`;
}

/**
 * Reads a rule as {@link formatRule} writes it. The numbers may be left out, and the access: `c 1:3` is `c 1:3 rwm`, and `a` is
 * all devices.
 *
 * @param key What to call it in an error.
 * @throws {CgroupError} `ERR_INVALID_RESOURCES`.
 */
export function parseRule(rule: string, key = 'device rule'): DeviceRule {
  const parts = text.exec(rule.trim());
  if (!parts)
    throw invalid(key, "expected a rule such as 'c 1:3 rwm', 'b *:* m' or 'deny c 10:229'", rule);
  const [, verb, type, major, minor, access] = parts;
  const parsed: DeviceRule = {
    ...(verb === 'deny' ? { allow: false } : {}),
    type: type as DeviceRule['type'],
    ...(major === undefined ? {} : { major: parseNumber(major) }),
    ...(minor === undefined ? {} : { minor: parseNumber(minor) }),
    ...(access === undefined ? {} : { access }),
  };
  checkRule(parsed, key);
  return parsed;
}

function parseNumber(digits: string): number | '*' {
  return digits === '*' ? '*' : Number(digits);
}

/**
 * The rule that an entry of `allowed_devices` of `container.json` is: its type is the code of a letter, -1 is any number.
 *
 * @param key What to call it in an error: `allowed_devices[3]`.
 * @throws {CgroupError} `ERR_INVALID_RESOURCES`.
 */
export function fromDevice(device: Device, key = 'device'): DeviceRule {
  const { type, major_number = 0, minor_number = 0, cgroup_permissions = '' } = device;
  const letter = Number.isInteger(type) && type >= 0 && type < 128 ? String.fromCharCode(type) : '';
  if (!types.has(letter))
    throw invalid(`${key}.type`, 'expected 99 (character), 98 (block) or 97 (all devices)', type);
  const rule: DeviceRule = {
    type: letter as DeviceRule['type'],
    major: major_number === -1 ? '*' : major_number,
    minor: minor_number === -1 ? '*' : minor_number,
    access: cgroup_permissions,
  };
  checkRule(rule, key);
  return rule;
}
