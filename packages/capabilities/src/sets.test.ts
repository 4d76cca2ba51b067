import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseStatus } from '../test/run.ts';
import { keepSets, readCapabilities, toMask } from './sets.ts';

const bits = (text = ''): bigint => BigInt(`0x${text}`);

describe('keepSets', () => {
  it('leaves the inheritable and ambient sets of a keep-list empty', () => {
    const keep = ['CHOWN', 'KILL'] as const;
    expect(keepSets(keep)).toEqual({
      bounding: keep,
      effective: keep,
      permitted: keep,
      inheritable: [],
      ambient: [],
    });
  });
});

describe('readCapabilities', () => {
  it.each([undefined, process.pid, 1])('reads those of process %s', (pid) => {
    const status = parseStatus(readFileSync(`/proc/${pid ?? 'thread-self'}/status`, 'latin1'));
    const sets = readCapabilities(pid);
    expect(toMask(sets.bounding)).toBe(bits(status['CapBnd']));
    expect(toMask(sets.effective)).toBe(bits(status['CapEff']));
    expect(toMask(sets.permitted)).toBe(bits(status['CapPrm']));
    expect(toMask(sets.inheritable)).toBe(bits(status['CapInh']));
    expect(toMask(sets.ambient)).toBe(bits(status['CapAmb']));
  });

  it('throws where there is no such process', () => {
    expect(() => readCapabilities(2 ** 31 - 1)).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });

  it.each([0, -1, 1.5, Number.NaN, '1/../../etc' as unknown as number])('refuses pid %s', (pid) => {
    expect(() => readCapabilities(pid)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });
});
