import { describe, expect, it } from 'vitest';
import { thrownBy } from '../test/settings.ts';
import { CgroupError } from './error.ts';
import {
  checkList,
  formatBytes,
  isMore,
  largest,
  parseBytes,
  parseCount,
  sharesOfWeight,
  weightOfShares,
} from './value.ts';

/** Numbers that look random and are the same in each run (xorshift). */
function* numbers(count: number): Generator<bigint> {
  let state = 0x9e37_79b9_7f4a_7c15n;
  for (let index = 0; index < count; index += 1) {
    state ^= (state << 13n) & 0xffff_ffff_ffff_ffffn;
    state ^= state >> 7n;
    state ^= (state << 17n) & 0xffff_ffff_ffff_ffffn;
    yield state >> BigInt(1 + (index % 63));
  }
}

describe('bytes', () => {
  it.each([
    [0, 0n],
    [67_108_864, 67_108_864n],
    [2n ** 63n - 1n, largest],
    [-1, 'max'],
    [-1n, 'max'],
    ['-1', 'max'],
    ['max', 'max'],
    ['1000', 1000n],
    ['64M', 67_108_864n],
    ['64m', 67_108_864n],
    ['64MiB', 67_108_864n],
    ['64MB', 67_108_864n],
    ['12B', 12n],
    ['1.5G', 1_610_612_736n],
    ['0.1K', 102n],
    ['7E', 7n << 60n],
    ['9223372036854775807', largest],
  ] as const)('%s is %s', (text, amount) => {
    expect(parseBytes(text, 'memory')).toBe(amount);
  });

  it.each([
    '',
    ' ',
    '64Q',
    '64MM',
    'M',
    '-5',
    '-64M',
    '+5',
    '1e9',
    '0x10',
    '1,5G',
    '1.',
    '.5G',
    '64 M',
    '64M\0',
    '64M\n',
    'MAX',
    'Infinity',
    'nan',
    '9223372036854775808',
    '8E',
    '99999999999999999999999',
    -2,
    -2n,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 53,
    2n ** 63n,
    null,
    undefined,
    true,
    {},
    [],
  ])('%s is refused', (value) => {
    const error = thrownBy(() => parseBytes(value as string, 'ioDevices[0].readBps'));
    expect(error).toBeInstanceOf(CgroupError);
    expect(error).toMatchObject({
      code: 'ERR_INVALID_RESOURCES',
      key: 'ioDevices[0].readBps',
      message: expect.stringMatching(/^ioDevices\[0\]\.readBps: expected [^\n]+, got [^\n]+$/),
    });
  });

  it('names the value and the remedy', () => {
    expect(() => parseBytes('64Q', 'memory')).toThrow(
      "memory: expected bytes such as 67108864, '64M' or '1.5G' (units of 1024: K, M, G, T, P, E), or 'max', got \"64Q\"",
    );
    expect(() => parseBytes(2 ** 60, 'memory')).toThrow('expected a bigint');
  });

  it('are the same amount however they are written', () => {
    for (const amount of numbers(2000)) {
      expect(parseBytes(amount, 'x')).toBe(amount);
      expect(parseBytes(String(amount), 'x')).toBe(amount);
      for (const [power, unit] of [...'KMGTPE'].entries()) {
        const small = amount >> BigInt(10 * (power + 1));
        expect(parseBytes(`${small}${unit}`, 'x')).toBe(small << BigInt(10 * (power + 1)));
        expect(parseBytes(`${small}.50${unit.toLowerCase()}iB`, 'x')).toBe(
          ((small * 2n + 1n) << BigInt(10 * (power + 1))) / 2n,
        );
      }
    }
  });

  it('read either as an amount within range or as an error, whatever the text', () => {
    const letters = '0123456789.-+KMGTPEQiB maxe\0\n';
    for (const seed of numbers(3000)) {
      let rest = seed;
      let text = '';
      for (; rest > 0n && text.length < 12; rest /= 29n) text += letters[Number(rest % 29n)];
      let outcome: unknown;
      const error = thrownBy(() => {
        outcome = parseBytes(text, 'x');
      });
      const isAmount = typeof outcome === 'bigint' && outcome >= 0n && outcome <= largest;
      expect([text, isAmount || outcome === 'max' || error instanceof CgroupError]).toEqual([
        text,
        true,
      ]);
    }
  });
});

describe('counts', () => {
  it.each([
    [0, 0n],
    [32, 32n],
    [32n, 32n],
    ['max', 'max'],
    [-1, 'max'],
  ] as const)('%s is %s', (count, amount) => {
    expect(parseCount(count, 'pids', 100n)).toBe(amount);
  });

  it.each([-2, 0.5, Number.NaN, 101, 101n, '32' as never, '' as never, null as never])(
    '%s is refused',
    (count) => {
      expect(thrownBy(() => parseCount(count, 'pids', 100n))).toMatchObject({
        code: 'ERR_INVALID_RESOURCES',
        key: 'pids',
        value: String(count),
      });
    },
  );
});

it.each(['0', '0-2,4', '0-0', '12,3,1-2'])('the list %s is taken', (list) => {
  expect(() => checkList(list, 'cpusetCpus')).not.toThrow();
});

it.each(['', ' ', '0,', ',0', '0-', '-1', '2-0', '0-1-2', 'a', '0 1', '0\n', '0\0', 3])(
  'the list %j is refused',
  (list) => {
    expect(() => checkList(list as string, 'cpusetCpus')).toThrow(/^cpusetCpus: expected a list/);
  },
);

it('amounts are written for people', () => {
  expect([0n, 1n, 1023n, 1024n, 1536n, 67_108_864n, largest].map(formatBytes)).toEqual([
    '0 bytes',
    '1 byte',
    '1023 bytes',
    '1 KiB',
    '1.5 KiB',
    '64 MiB',
    '7.99 EiB',
  ]);
});

it('no limit is more than any', () => {
  expect([isMore('max', 5n), isMore(5n, 'max'), isMore('max', 'max'), isMore(6n, 5n)]).toEqual([
    true,
    false,
    false,
    true,
  ]);
});

describe('shares and weights', () => {
  it.each([
    [2, 1],
    [10, 1],
    [16, 2],
    [512, 50],
    [1024, 100],
    [1025, 100],
    [102_400, 10_000],
    [262_144, 10_000],
  ])('%i shares are a weight of %i', (shares, weight) => {
    expect(weightOfShares(shares)).toBe(weight);
  });

  it('every weight comes back from its shares', () => {
    for (let weight = 1; weight <= 10_000; weight += 1) {
      expect(weightOfShares(sharesOfWeight(weight))).toBe(weight);
      expect(sharesOfWeight(weight)).toBeGreaterThanOrEqual(2);
    }
  });
});
