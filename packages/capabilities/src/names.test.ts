import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lastCapability } from './last-capability.ts';
import {
  allCapabilities,
  capabilities,
  capabilityName,
  capabilityNumber,
  parseCapability,
  type CapabilityName,
} from './names.ts';

const header = '/usr/include/linux/capability.h';

describe('capabilities', () => {
  it('numbers 41 names without a gap', () => {
    expect(Object.values(capabilities)).toEqual([...Array(41).keys()]);
  });

  it.skipIf(!existsSync(header))('are those of the kernel (needs its C header)', () => {
    const defined = readFileSync(header, 'latin1').matchAll(/^#define CAP_(\w+)\s+(\d+)$/gm);
    const fromHeader = Object.fromEntries([...defined].map(([, name, n]) => [name, Number(n)]));
    expect(capabilities).toMatchObject(fromHeader);
  });
});

describe('allCapabilities', () => {
  it('holds what 1.1.0 knew, each once', () => {
    expect(allCapabilities).toHaveLength(37);
    expect(new Set(allCapabilities).size).toBe(37);
    expect(Math.max(...allCapabilities.map(capabilityNumber))).toBe(capabilities.BLOCK_SUSPEND);
    expect(allCapabilities.slice(0, 3)).toEqual(['SETPCAP', 'SYS_MODULE', 'SYS_RAWIO']);
  });
});

describe('parseCapability', () => {
  it.each([
    ['CHOWN', 'CHOWN'],
    ['CAP_SYS_ADMIN', 'SYS_ADMIN'],
    ['cap_net_raw', 'NET_RAW'],
    ['Kill', 'KILL'],
    ['cap_41', 'CAP_41'],
    ['CAP_63', 'CAP_63'],
  ])('reads %s', (text, name) => {
    expect(parseCapability(text)).toBe(name);
  });

  it.each([
    '',
    'CAP_',
    'SYS-ADMIN',
    'CAP_CAP_KILL',
    'CAP_5',
    'CAP_64',
    'CAP_041',
    'toString',
    ' KILL',
  ])('refuses %j', (text) => {
    expect(() => parseCapability(text)).toThrow(
      expect.objectContaining({ code: 'ERR_UNKNOWN_CAPABILITY', capability: text }),
    );
  });
});

describe('capabilityName and capabilityNumber', () => {
  it('are each other’s inverse', () => {
    for (let number = 0; number <= 63; number++)
      expect(capabilityNumber(capabilityName(number))).toBe(number);
    expect(capabilityName(41)).toBe('CAP_41');
  });

  it.each([-1, 64, 1.5, Number.NaN])('refuse the number %s', (number) => {
    expect(() => capabilityName(number)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });

  it('refuse a name that is not exact', () => {
    expect(() => capabilityNumber('kill' as CapabilityName)).toThrow(
      expect.objectContaining({ code: 'ERR_UNKNOWN_CAPABILITY' }),
    );
  });
});

describe('lastCapability', () => {
  it('is what the kernel says', () => {
    const said = readFileSync('/proc/sys/kernel/cap_last_cap', 'latin1');
    expect(lastCapability()).toBe(Number(said));
  });
});
