import { describe, expect, it } from 'vitest';
import {
  checkMappings,
  formatMappings,
  mapWriter,
  ownMapping,
  parseSubordinateIds,
} from './mappings.ts';

const range = (containerId: number, hostId: number, size: number) => ({
  containerId,
  hostId,
  size,
});

describe('checkMappings', () => {
  it('takes up to the last id there is', () => {
    const rootless = [range(0, 1000, 1), range(1, 100_000, 65_536)];
    for (const mappings of [[range(0, 0, 2 ** 32 - 1)], rootless, []])
      expect(() => checkMappings('uidMappings', mappings)).not.toThrow();
  });

  it.each([
    ['beyond the last id', [range(1, 0, 2 ** 32 - 1)], 'beyond the last id'],
    ['an empty range', [range(0, 0, 0)], 'uidMappings[0].size'],
    ['a negative id', [range(-1, 0, 1)], 'uidMappings[0].containerId'],
    ['a fraction', [range(0, 0.5, 1)], 'uidMappings[0].hostId'],
    ['ids inside twice', [range(0, 0, 10), range(9, 100, 1)], 'overlap at containerId 9'],
    ['ids outside twice', [range(100, 50, 1), range(0, 0, 51)], 'overlap at hostId 50'],
    ['more than the kernel takes', Array.from({ length: 341 }, (_, i) => range(i, i, 1)), '340'],
  ])('refuses %s', (_, mappings, message) => {
    expect(() => checkMappings('uidMappings', mappings)).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_ARG_VALUE',
        message: expect.stringContaining(message),
      }),
    );
  });
});

describe('mapWriter', () => {
  const user = { uid: 1000, gid: 100 };
  it('is a helper for root, oneself for the own ids, newuidmap for all else', () => {
    expect(mapWriter(ownMapping(5), ownMapping(5), { uid: 0, gid: 0 })).toBe('helper');
    expect(mapWriter(ownMapping(1000), ownMapping(100), user)).toBe('self');
    expect(mapWriter([range(7, 1000, 1)], ownMapping(100), user)).toBe('self');
    expect(mapWriter(ownMapping(1000), ownMapping(101), user)).toBe('newuidmap');
    expect(mapWriter([range(0, 1000, 2)], ownMapping(100), user)).toBe('newuidmap');
  });
});

it('formatMappings writes a line for each', () => {
  expect(formatMappings([range(0, 1000, 1), range(1, 100_000, 65_536)])).toBe(
    '0 1000 1\n1 100000 65536\n',
  );
});

describe('parseSubordinateIds', () => {
  const text =
    'alice:100000:65536\nbob:200000:10\n# no entry\n1000:300000:5\nalice:junk:1\nalice:400000:0\nalice:500000:1\n';
  it('finds the ranges of a user, by name and by id, and puts them behind root', () => {
    expect(parseSubordinateIds(text, { name: 'alice', id: 1000 })).toEqual([
      range(1, 100_000, 65_536),
      range(65_537, 300_000, 5),
      range(65_542, 500_000, 1),
    ]);
    expect(parseSubordinateIds(text, { id: 7 })).toEqual([]);
  });
});
