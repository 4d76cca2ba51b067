import { defaultAllowedDevices } from '@ts-c/mount';
import { describe, expect, it } from 'vitest';
import type { DeviceRule } from './rule.ts';
import { checkRules, formatRule, fromDevice, parseRule } from './rules.ts';

const bad = (rule: object): DeviceRule[] => [
  { type: 'c' },
  { type: 'b', major: 8 },
  rule as DeviceRule,
];

describe('checkRules', () => {
  it('takes what there is', () => {
    const all: DeviceRule[] = [
      { type: 'a' },
      { type: 'c', major: 4095, minor: 1_048_575, access: 'm' },
      { type: 'b', major: '*', minor: 0, access: 'wr', allow: false },
    ];
    expect(() => checkRules([])).not.toThrow();
    expect(() => checkRules(all)).not.toThrow();
  });

  it.each([
    [
      { type: 'x' },
      'devices[2].type',
      `expected 'c' (character), 'b' (block) or 'a' (all devices), got "x"`,
    ],
    [{}, 'devices[2].type', 'undefined'],
    [
      { type: 'c', major: 4096 },
      'devices[2].major',
      `expected a number from 0 to 4095, or '*' for all, got 4096`,
    ],
    [{ type: 'c', major: -1 }, 'devices[2].major', 'got -1'],
    [{ type: 'c', major: 1.5 }, 'devices[2].major', 'got 1.5'],
    [{ type: 'c', major: '1' }, 'devices[2].major', 'got "1"'],
    [{ type: 'c', minor: 1_048_576 }, 'devices[2].minor', 'from 0 to 1048575'],
    [{ type: 'c', minor: 2 ** 32 }, 'devices[2].minor', 'got 4294967296'],
    [{ type: 'c', minor: Number.NaN }, 'devices[2].minor', 'got NaN'],
    [{ type: 'c', access: '' }, 'devices[2].access', 'got ""'],
    [{ type: 'c', access: 'rx' }, 'devices[2].access', 'got "rx"'],
    [{ type: 'c', access: 'rwm\n' }, 'devices[2].access', String.raw`got "rwm\n"`],
    [{ type: 'c', access: 7 }, 'devices[2].access', 'got 7'],
    [{ type: 'c', allow: 'no' }, 'devices[2].allow', 'expected true or false, got "no"'],
  ])('refuses %j and names %s', (rule, key, words) => {
    const refused = expect.objectContaining({
      name: 'CgroupError',
      code: 'ERR_INVALID_RESOURCES',
      key,
      message: expect.stringContaining(words),
    });
    expect(() => checkRules(bad(rule))).toThrow(refused);
  });

  it('refuses more rules than anybody needs', () => {
    const rules = Array.from({ length: 1001 }, (): DeviceRule => ({ type: 'c' }));
    expect(() => checkRules(rules)).toThrow('devices: expected at most 1000 rules, got 1001');
  });
});

describe('rules as text', () => {
  it.each([
    [{ type: 'c', major: 1, minor: 3, access: 'rwm' }, 'c 1:3 rwm'],
    [{ type: 'b', major: '*', minor: '*', access: 'm' }, 'b *:* m'],
    [{ type: 'c', major: 136, minor: '*', access: 'rw' }, 'c 136:* rw'],
    [{ type: 'c', major: 10, minor: 229, access: 'w', allow: false }, 'deny c 10:229 w'],
  ] as const)('%j is %s, and back', (rule, text) => {
    expect(formatRule(rule)).toBe(text);
    expect(parseRule(text)).toEqual(rule);
  });

  it('has all of what is left out', () => {
    expect(formatRule({ type: 'a' })).toBe('a *:* rwm');
    expect(parseRule('a')).toEqual({ type: 'a' });
    expect(parseRule(' allow  c 1:3 ')).toEqual({ type: 'c', major: 1, minor: 3 });
  });

  it.each([
    '',
    'c 1 rwm',
    'c 1:3:4 r',
    'c -1:3 r',
    'c 1:3 r w',
    'C 1:3 r',
    'c 1:3 r\na',
    'forbid c 1:3',
  ])('refuses %j', (text) => {
    const refused = { code: 'ERR_INVALID_RESOURCES', key: '--device-rule' };
    expect(() => parseRule(text, '--device-rule')).toThrow(expect.objectContaining(refused));
  });

  it('refuses text of the right form that can not be', () => {
    expect(() => parseRule('x 1:3 rwm', 'rule')).toThrow('rule.type: expected');
    expect(() => parseRule('c 9999:3 rwm', 'rule')).toThrow('rule.major: expected');
    expect(() => parseRule('c 1:3 rwx', 'rule')).toThrow('rule.access: expected');
  });
});

describe('fromDevice', () => {
  it('reads the list that every container of 1.1.0 gets', () => {
    expect(defaultAllowedDevices.map((device) => formatRule(fromDevice(device)))).toEqual([
      'c *:* m',
      'b *:* m',
      'c 5:1 rwm',
      'c 4:0 rwm',
      'c 4:1 rwm',
      'c 136:* rwm',
      'c 5:2 rwm',
      'c 10:200 rwm',
      'c 1:3 rwm',
      'c 1:5 rwm',
      'c 1:7 rwm',
      'c 5:0 rwm',
      'c 1:9 rwm',
      'c 1:8 rwm',
    ]);
  });

  it('refuses a type that is none, and numbers below the wildcard', () => {
    const device = { type: 99, major_number: 1, minor_number: 3, cgroup_permissions: 'rwm' };
    expect(() => fromDevice({ ...device, type: 100 }, 'allowed_devices[3]')).toThrow(
      'allowed_devices[3].type: expected 99 (character), 98 (block) or 97 (all devices), got 100',
    );
    expect(() => fromDevice({ ...device, minor_number: -2 })).toThrow('device.minor: expected');
    expect(() => fromDevice({ ...device, cgroup_permissions: '' })).toThrow('device.access');
    expect(
      fromDevice({ type: 97, major_number: -1, minor_number: -1, cgroup_permissions: 'r' }),
    ).toEqual({
      type: 'a',
      major: '*',
      minor: '*',
      access: 'r',
    });
  });
});
