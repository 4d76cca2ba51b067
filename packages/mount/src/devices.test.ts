import { describe, expect, it } from 'vitest';
import {
  blockDevice,
  characterDevice,
  defaultAllowedDevices,
  defaultAutoCreatedDevices,
  defaultSimpleDevices,
  deviceCgroupRule,
  major,
  makedev,
  minor,
} from './devices.ts';

const simple = [
  ['/dev/null', 'c 1:3 rwm'],
  ['/dev/zero', 'c 1:5 rwm'],
  ['/dev/full', 'c 1:7 rwm'],
  ['/dev/tty', 'c 5:0 rwm'],
  ['/dev/urandom', 'c 1:9 rwm'],
  ['/dev/random', 'c 1:8 rwm'],
];

describe('the tables of 1.1.0', () => {
  it('make and allow the simple devices', () => {
    expect(defaultSimpleDevices.map((device) => [device.path, deviceCgroupRule(device)])).toEqual(
      simple,
    );
    expect(new Set(defaultSimpleDevices.map((device) => device.file_mode))).toEqual(
      new Set([0o666]),
    );
  });

  it('allow eight more by rule', () => {
    expect(defaultAllowedDevices.map((device) => [device.path, deviceCgroupRule(device)])).toEqual([
      [undefined, 'c *:* m'],
      [undefined, 'b *:* m'],
      ['/dev/console', 'c 5:1 rwm'],
      ['/dev/tty0', 'c 4:0 rwm'],
      ['/dev/tty1', 'c 4:1 rwm'],
      [undefined, 'c 136:* rwm'],
      [undefined, 'c 5:2 rwm'],
      [undefined, 'c 10:200 rwm'],
      ...simple,
    ]);
  });

  it('make fuse, which has no mode and is not allowed', () => {
    const [fuse, ...others] = defaultAutoCreatedDevices;
    expect(fuse).toEqual({
      type: characterDevice,
      path: '/dev/fuse',
      major_number: 10,
      minor_number: 229,
      cgroup_permissions: 'rwm',
    });
    expect(others).toEqual(defaultSimpleDevices);
    expect(defaultAllowedDevices.map(deviceCgroupRule)).not.toContain('c 10:229 rwm');
  });
});

describe('device numbers', () => {
  it.each<[number, number, number]>([
    [0, 0, 0],
    [1, 3, 0x103],
    [8, 255, 0x8ff],
    [8, 256, 0x100800],
    [136, 7, 0x8807],
    [259, 0x12345, 0x12310345],
    [0xfff, 0xfffff, 0xffffffff],
  ])('%i:%i is %i', (majorNumber, minorNumber, device) => {
    expect(makedev(majorNumber, minorNumber)).toBe(device);
    expect(major(device)).toBe(majorNumber);
    expect(minor(device)).toBe(minorNumber);
  });
});

describe('deviceCgroupRule', () => {
  it('writes -1 as a star, and what is absent as 0', () => {
    expect(deviceCgroupRule({ type: blockDevice, major_number: 8, minor_number: -1 })).toBe(
      'b 8:* ',
    );
    expect(
      deviceCgroupRule({ type: characterDevice, major_number: 4, cgroup_permissions: 'r' }),
    ).toBe('c 4:0 r');
  });
});
