import { statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { thrownBy, writesOf } from '../../test/settings.ts';
import type { IoDevice, Resources } from '../resources.ts';
import type { CgroupVersion } from '../setting.ts';
import { io } from './io.ts';

const disk: IoDevice = {
  device: '8:0',
  weight: 200,
  readBps: '1M',
  writeBps: 'max',
  readIops: 100,
  writeIops: -1,
};
const loop = '/dev/loop0';
const hasLoop = statSync(loop, { throwIfNoEntry: false })?.isBlockDevice() ?? false;

function keysOf(ioDevices: IoDevice[], version: CgroupVersion): string[] {
  return io.settings({ ioDevices }, version).map(({ key }) => key);
}

describe('io', () => {
  it.each<[CgroupVersion, readonly string[] | undefined, Resources, string[]]>([
    [1, undefined, {}, []],
    [1, undefined, { ioWeight: 200 }, ['blkio.bfq.weight <- 200']],
    [1, ['blkio.weight'], { ioWeight: 100 }, ['blkio.weight <- 500']],
    [1, ['blkio.weight'], { ioWeight: 1 }, ['blkio.weight <- 10']],
    [1, ['blkio.bfq.weight', 'blkio.weight'], { ioWeight: 5000 }, ['blkio.bfq.weight <- 1000']],
    [
      1,
      undefined,
      { ioDevices: [disk] },
      [
        'blkio.bfq.weight_device <- 8:0 200',
        'blkio.throttle.read_bps_device <- 8:0 1048576',
        'blkio.throttle.write_bps_device <- 8:0 0',
        'blkio.throttle.read_iops_device <- 8:0 100',
        'blkio.throttle.write_iops_device <- 8:0 0',
      ],
    ],
    [
      1,
      ['blkio.weight'],
      { ioDevices: [{ device: '8:0', weight: 10 }] },
      ['blkio.weight_device <- 8:0 50'],
    ],
    [2, undefined, { ioWeight: 200 }, ['io.weight <- 200']],
    [2, ['io.bfq.weight'], { ioWeight: 2000 }, ['io.bfq.weight <- 1000']],
    [
      2,
      ['io.bfq.weight', 'io.weight'],
      { ioWeight: 2000 },
      ['io.weight <- 2000', 'io.bfq.weight <- 1000'],
    ],
    [
      2,
      undefined,
      { ioDevices: [disk] },
      ['io.weight <- 8:0 200', 'io.max <- 8:0 rbps=1048576 wbps=max riops=100 wiops=max'],
    ],
    [
      2,
      undefined,
      { ioDevices: [{ device: '8:0' }, { device: '7:1', writeIops: 5 }] },
      ['io.max <- 7:1 wiops=5'],
    ],
  ])('version %i with %j: %j', (version, files, resources, writes) => {
    const circumstances = files ? { files: new Set(files) } : {};
    expect(writesOf(io, resources, version, circumstances)).toEqual(writes);
  });

  it('says which limit a write comes from', () => {
    expect(keysOf([{ device: '8:0', readBps: 1 }], 2)).toEqual(['ioDevices[0].readBps']);
    expect(keysOf([{ device: '8:0', readBps: 1, writeBps: 1 }], 2)).toEqual(['ioDevices[0]']);
    expect(keysOf([{ device: '8:0', readBps: 1, writeBps: 1 }], 1)).toEqual([
      'ioDevices[0].readBps',
      'ioDevices[0].writeBps',
    ]);
  });

  it.skipIf(!hasLoop)('finds the numbers of a device (needs /dev/loop0)', () => {
    expect(writesOf(io, { ioDevices: [{ device: loop, readIops: 5 }] }, 2)).toEqual([
      'io.max <- 7:0 riops=5',
    ]);
  });

  it.each<[Resources, string, string]>([
    [{ ioWeight: 0 }, 'ioWeight', 'from 1 to 10000'],
    [{ ioDevices: {} as never }, 'ioDevices', 'a list'],
    [{ ioDevices: [null as never] }, 'ioDevices[0]', 'an object'],
    [{ ioDevices: [{ device: 'sda' }] }, 'ioDevices[0].device', "'/dev/sda'"],
    [{ ioDevices: [{ device: '8:0 ' }] }, 'ioDevices[0].device', "'8:0'"],
    [{ ioDevices: [{ device: '4096:0' }] }, 'ioDevices[0].device', "'8:0'"],
    [{ ioDevices: [{ device: '/dev/sda\0' }] }, 'ioDevices[0].device', "'8:0'"],
    [{ ioDevices: [{ device: '/dev/null' }] }, 'ioDevices[0].device', 'a block device'],
    [{ ioDevices: [{ device: '/dev/no-such' }] }, 'ioDevices[0].device', 'ENOENT'],
    [{ ioDevices: [{ device: '8:0', readbps: 1 } as never] }, 'ioDevices[0]', 'readBps'],
    [
      { ioDevices: [{ device: '8:0' }, { device: '8:0', readBps: '64Q' }] },
      'ioDevices[1].readBps',
      '"64Q"',
    ],
    [{ ioDevices: [{ device: '8:0', writeBps: 0 }] }, 'ioDevices[0].writeBps', "no limit is 'max'"],
    [
      { ioDevices: [{ device: '8:0', readIops: 2 ** 32 }] },
      'ioDevices[0].readIops',
      'at most 4294967295',
    ],
    [{ ioDevices: [{ device: '8:0', weight: 10_001 }] }, 'ioDevices[0].weight', 'from 1 to 10000'],
  ])('%j is refused', (resources, key, remedy) => {
    for (const version of [1, 2] as const)
      expect(thrownBy(() => io.settings(resources, version))).toMatchObject({
        code: 'ERR_INVALID_RESOURCES',
        key,
        message: expect.stringContaining(remedy),
      });
  });
});
