import { readFileSync, writeFileSync, mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { defaultAllowedDevices } from '@ts-c/mount';
import { describe, expect, it } from 'vitest';
import {
  everyRequest,
  isAllowed,
  randomNumbers,
  randomRules,
  type DeviceRequest,
} from '../../test/device-rules.ts';
import { devicesV1, entering, makeDeviceGroup, tryRules } from '../../test/try-devices.ts';
import type { Setting } from '../setting.ts';
import type { DeviceRule } from './rule.ts';
import { fromDevice, parseRule } from './rules.ts';
import { deviceSettings } from './v1.ts';

const rules = (...texts: string[]): DeviceRule[] => texts.map((text) => parseRule(text));
const lines = (settings: readonly Setting[]): string[] =>
  settings.map(({ file, value, key }) => `${file} <- ${value} (${key})`);
const refused = (words: string, key: string): unknown =>
  expect.objectContaining({
    code: 'ERR_INVALID_RESOURCES',
    key,
    message: expect.stringContaining(words),
  });

/** What the kernel makes of writes, said after security/device_cgroup.c. */
class KernelList {
  #isDefaultAllow = true;
  #exceptions: DeviceRule[] = [];

  apply(settings: readonly Setting[]): this {
    for (const { file, value } of settings) {
      const isAllow = file === 'devices.allow';
      if (value === 'a') {
        this.#isDefaultAllow = isAllow;
        this.#exceptions = [];
      } else if (isAllow !== this.#isDefaultAllow) this.#add(parseRule(value));
      else this.#remove(parseRule(value));
    }
    return this;
  }

  #add(rule: DeviceRule): void {
    const same = this.#exceptions.find((old) => isSame(old, rule));
    const others = this.#exceptions.filter((old) => old !== same);
    this.#exceptions = [...others, { ...rule, access: `${same?.access ?? ''}${rule.access}` }];
  }

  #remove(rule: DeviceRule): void {
    this.#exceptions = this.#exceptions.flatMap((old) => {
      if (!isSame(old, rule)) return [old];
      const access = [...(old.access ?? '')]
        .filter((kind) => !rule.access?.includes(kind))
        .join('');
      return access === '' ? [] : [{ ...old, access }];
    });
  }

  /** As the file prints it. */
  get text(): string {
    if (this.#isDefaultAllow) return 'a *:* rwm\n';
    return this.#exceptions
      .map(({ type, major, minor, access }) => `${type} ${major}:${minor} ${access}\n`)
      .join('');
  }

  allows(request: DeviceRequest): boolean {
    const fitting = this.#exceptions.filter((rule) =>
      isAllowed([{ ...rule, access: 'rwm' }], request),
    );
    const kinds = [...request.access];
    if (this.#isDefaultAllow)
      return !fitting.some(({ access }) => kinds.some((kind) => access?.includes(kind)));
    return fitting.some(({ access }) => kinds.every((kind) => access?.includes(kind)));
  }
}

const isSame = (a: DeviceRule, b: DeviceRule): boolean =>
  a.type === b.type && a.major === b.major && a.minor === b.minor;

describe('rules on version 1', () => {
  it('are a list of what is allowed, in the order of the table', () => {
    const list = rules('c *:* m', 'c 1:3 rwm', 'c 1:5 r', 'b 8:0 rw');
    expect(lines(deviceSettings(list))).toEqual([
      'devices.deny <- a (devices)',
      'devices.allow <- b 8:0 rw (devices[3])',
      'devices.allow <- c 1:3 rwm (devices[1])',
      'devices.allow <- c 1:5 rm (devices[2])',
      'devices.allow <- c *:* m (devices[0])',
    ]);
    expect(lines(deviceSettings([]))).toEqual(['devices.deny <- a (devices)']);
  });

  it('allow by one line what several rules allow together, as the kernel looks for one line', () => {
    expect(lines(deviceSettings(rules('c 1:* r', 'c *:3 w')))).toEqual([
      'devices.deny <- a (devices)',
      'devices.allow <- c 1:3 rw (devices[1])',
      'devices.allow <- c 1:* r (devices[0])',
      'devices.allow <- c *:3 w (devices[1])',
    ]);
  });

  it('name both types instead of all, which the kernel takes for everything', () => {
    expect(lines(deviceSettings(rules('a 1:3 r')))).toEqual([
      'devices.deny <- a (devices)',
      'devices.allow <- b 1:3 r (devices[0])',
      'devices.allow <- c 1:3 r (devices[0])',
    ]);
  });

  it('are a list of what is denied where everything else is allowed', () => {
    expect(lines(deviceSettings(rules('a')))).toEqual(['devices.allow <- a (devices[0])']);
    expect(lines(deviceSettings(rules('a', 'deny c 10:229', 'deny b 8:* w')))).toEqual([
      'devices.allow <- a (devices[0])',
      'devices.deny <- b 8:* w (devices[2])',
      'devices.deny <- c 10:229 rwm (devices[1])',
    ]);
  });

  it('take back a whole rule, and forget what a later one says again', () => {
    expect(deviceSettings(rules('c 1:3 rwm', 'c 1:5 r', 'deny c 1:3 rwm'))).toEqual(
      deviceSettings(rules('c 1:5 r')).map((setting) =>
        setting.file === 'devices.allow' ? { ...setting, key: 'devices[1]' } : setting,
      ),
    );
    expect(lines(deviceSettings(rules('c 1:3', 'deny c 1:* w')))).toEqual([
      'devices.deny <- a (devices)',
      'devices.allow <- c 1:3 rm (devices[0])',
    ]);
  });

  it('are refused where one list can not say it', () => {
    expect(() => deviceSettings(rules('c 1:* rwm', 'deny c 1:3 w'))).toThrow(
      refused("devices[1]: version 1 of cgroups can't deny 'c 1:3 w' out of", 'devices[1]'),
    );
    expect(() => deviceSettings(rules('a', 'deny c 1:*', 'c 1:3 r'))).toThrow(
      refused("devices[2]: version 1 of cgroups can't allow 'c 1:3 r' again", 'devices[2]'),
    );
    expect(() => deviceSettings([{ type: 'c', major: -1 }])).toThrow(
      refused('devices[0].major', 'devices[0].major'),
    );
  });

  it('mean what they say or are refused, whatever they are (500 random lists)', () => {
    const random = randomNumbers(7);
    const lists = Array.from({ length: 500 }, () => randomRules(random));
    const taken = lists.filter((list) => attempt(list));
    expect(taken.length).toBeGreaterThan(150);
    const wrong = taken.filter((list) => {
      const kernel = new KernelList().apply(attempt(list) ?? []);
      return everyRequest.some((one) => kernel.allows(one) !== isAllowed(list, one));
    });
    expect(wrong).toEqual([]);
  });

  it('change a list by the difference, and mean the same (500 random pairs)', () => {
    const random = randomNumbers(11);
    const pairs = Array.from({ length: 500 }, () => [randomRules(random), randomRules(random)]);
    const wrong = pairs.filter(([before = [], after = []]) => {
      const kernel = new KernelList().apply(attempt(before) ?? []);
      const settings = attempt(after, kernel.text);
      if (!settings) return false;
      kernel.apply(settings);
      return everyRequest.some((one) => kernel.allows(one) !== isAllowed(after, one));
    });
    expect(wrong).toEqual([]);
  });
});

function attempt(list: readonly DeviceRule[], current?: string): Setting[] | undefined {
  try {
    return deviceSettings(list, { read: () => current });
  } catch {
    return undefined;
  }
}

function apply(group: string, settings: readonly Setting[]): void {
  for (const { file, value } of settings) writeFileSync(join(group, file), value);
}

describe('rules on the kernel', () => {
  it.skipIf(!devicesV1).each([
    ['the devices of a container', defaultAllowedDevices.map((device) => fromDevice(device))],
    ['nothing', []],
    ['everything', rules('a')],
    ['all but some', rules('a', 'deny c 1:5 w', 'deny b 240:*')],
    ['parts of access', rules('c 1:3 r', 'c 1:* m', 'c *:7 w')],
  ])('let a process do what is listed and no more: %s (needs cgroup v1)', async (_, list) => {
    const group = makeDeviceGroup(devicesV1);
    apply(group, deviceSettings(list));
    const { answers, expected } = await tryRules(list, entering(group));
    expect(answers).toEqual(expected);
  });

  it.skipIf(!devicesV1)('are changed where there are children (needs cgroup v1)', async () => {
    const group = makeDeviceGroup(devicesV1);
    const read = (file: string): string => readFileSync(join(group, file), 'utf8');
    apply(group, deviceSettings(rules('c 1:3 rwm', 'c 1:5 rw')));
    mkdirSync(join(group, 'child'));
    const list = rules('c 1:3 r', 'c 1:7 w');
    apply(group, deviceSettings(list, { read }));
    expect(read('devices.list')).toBe('c 1:3 r\nc 1:7 w\n');
    expect(readFileSync(join(group, 'child/devices.list'), 'utf8')).toBe('c 1:3 r\n');
    rmdirSync(join(group, 'child'));
    const { answers, expected } = await tryRules(list, entering(group));
    expect(answers).toEqual(expected);
  });
});
