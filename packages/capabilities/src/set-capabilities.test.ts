import { Program } from '@ts-c/syscall';
import { describe, expect, it } from 'vitest';
import { parseStatus, refusalOf, runScript, statusAfter } from '../test/run.ts';
import type { CapabilityName } from './names.ts';
import { dropCapabilities, setCapabilities } from './set-capabilities.ts';
import { readCapabilities, toMask, type CapabilitySets } from './sets.ts';

const none = '0'.repeat(16);
const hex = (...names: CapabilityName[]): string => toMask(names).toString(16).padStart(16, '0');

interface Live {
  readonly error?: { readonly code: string; readonly message: string };
  readonly read: CapabilitySets;
  readonly status: string;
  readonly siblings: readonly string[];
}

const permissionDenied = (text: string): unknown =>
  expect.objectContaining({ code: 'EPERM', message: expect.stringContaining(text) as unknown });

describe('dropCapabilities', () => {
  it('leaves a command of root what is kept, and nothing to inherit', async () => {
    const kept = hex('CHOWN', 'KILL');
    expect(
      await statusAfter((program) => dropCapabilities(program, ['KILL', 'CHOWN', 'KILL'])),
    ).toMatchObject({
      CapInh: none,
      CapPrm: kept,
      CapEff: kept,
      CapBnd: kept,
      CapAmb: none,
    });
  });

  it('can leave nothing', async () => {
    expect(await statusAfter((program) => dropCapabilities(program, []))).toMatchObject({
      CapInh: none,
      CapPrm: none,
      CapEff: none,
      CapBnd: none,
      CapAmb: none,
    });
  });

  it('empties inheritable and ambient sets that were not empty', async () => {
    const all: readonly CapabilityName[] = ['CHOWN', 'SETPCAP'];
    const status = await statusAfter((program) => {
      setCapabilities(program, { effective: all, permitted: all, inheritable: all, ambient: all });
      dropCapabilities(program, all);
    });
    expect(status).toMatchObject({ CapInh: none, CapPrm: hex(...all), CapAmb: none });
  });

  it('goes on to the last capability that the kernel knows, whatever we expect of it', async () => {
    const status = await statusAfter((program) =>
      dropCapabilities(program, ['KILL'], { lastCapability: 63 }),
    );
    expect(status['CapBnd']).toBe(hex('KILL'));
  });

  it('drops no further than it is told', async () => {
    const status = await statusAfter((program) =>
      dropCapabilities(program, ['KILL'], { lastCapability: 30 }),
    );
    expect(status['CapBnd']).toBe(
      hex('KILL', ...readCapabilities().bounding.filter((name) => toMask([name]) >> 31n)),
    );
  });

  it('names the capability that is to be kept and is not there', async () => {
    const error = await refusalOf((program) => {
      dropCapabilities(program, ['CHOWN', 'SETPCAP']);
      dropCapabilities(program, ['CHOWN', 'CHECKPOINT_RESTORE']);
    });
    expect(error).toEqual(permissionDenied('CHECKPOINT_RESTORE is to be kept, but'));
  });

  it.skipIf(readCapabilities().permitted.includes('SYS_RESOURCE'))(
    'explains what this machine does not give (needs root without SYS_RESOURCE)',
    async () => {
      const error = await refusalOf((program) => dropCapabilities(program, ['SYS_RESOURCE']));
      expect(error).toEqual(
        permissionDenied('SYS_RESOURCE is to be kept, but this process does not have it'),
      );
    },
  );

  it('says that SETPCAP is needed', async () => {
    const error = await refusalOf((program) => {
      setCapabilities(program, { effective: ['KILL'], permitted: ['KILL'], inheritable: [] });
      dropCapabilities(program, ['KILL']);
    });
    expect(error).toEqual(permissionDenied('SETPCAP is needed'));
  });

  it.each([-1, 64, 1.5])('refuses %s as the last capability', (lastCapability) => {
    expect(() => dropCapabilities(new Program(), [], { lastCapability })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });

  it('refuses a name that is none', () => {
    expect(() => dropCapabilities(new Program(), ['CAP_KILL' as CapabilityName])).toThrow(
      expect.objectContaining({ code: 'ERR_UNKNOWN_CAPABILITY' }),
    );
  });
});

describe('setCapabilities', () => {
  it('sets all five', async () => {
    const sets: CapabilitySets = {
      bounding: ['CHOWN', 'KILL', 'NET_RAW', 'SETPCAP'],
      permitted: ['CHOWN', 'KILL', 'NET_RAW', 'CHECKPOINT_RESTORE'],
      effective: ['KILL'],
      inheritable: ['KILL', 'NET_RAW'],
      ambient: ['KILL'],
    };
    // What execve(2) gives to root is the bounding and the inheritable set.
    const bounding = hex(...sets.bounding);
    expect(await statusAfter((program) => setCapabilities(program, sets))).toMatchObject({
      CapInh: hex(...sets.inheritable),
      CapPrm: bounding,
      CapEff: bounding,
      CapBnd: bounding,
      CapAmb: hex('KILL'),
    });
  });

  it('leaves the bounding set alone where none is given', async () => {
    const status = await statusAfter((program) =>
      setCapabilities(program, { effective: [], permitted: [], inheritable: [] }),
    );
    expect(status['CapBnd']).toBe(hex(...readCapabilities().bounding));
  });

  it.each([
    [
      { effective: ['KILL'], permitted: [], inheritable: [] },
      'effective: KILL has to be permitted as well',
    ],
    [
      { effective: [], permitted: [], inheritable: [], ambient: ['KILL'] },
      'ambient: KILL has to be permitted as well',
    ],
    [
      { effective: [], permitted: ['KILL'], inheritable: [], ambient: ['KILL'] },
      'ambient: KILL has to be inheritable as well',
    ],
  ] as const)('refuses %j', (sets, message) => {
    expect(() => setCapabilities(new Program(), sets)).toThrow(message);
  });
});

describe('live', () => {
  it('drops from the calling thread alone', async () => {
    const { error, read, status, siblings } = await runScript<Live>('live', 'drop');
    expect(error).toBeUndefined();
    const kept = ['CHOWN', 'SETPCAP'];
    expect(read).toEqual({
      bounding: kept,
      effective: kept,
      permitted: kept,
      inheritable: [],
      ambient: [],
    });
    expect(parseStatus(status)['CapBnd']).toBe(hex('CHOWN', 'SETPCAP'));
    expect(siblings.length).toBeGreaterThan(0);
    const before = readCapabilities();
    for (const sibling of siblings)
      expect(parseStatus(sibling)).toMatchObject({
        CapEff: hex(...before.effective),
        CapBnd: hex(...before.bounding),
      });
  });

  it('can make less effective without giving it up', async () => {
    const { read } = await runScript<Live>('live', 'lessEffective');
    const before = readCapabilities();
    expect(read).toEqual({ ...before, effective: ['KILL'], ambient: [] });
  });

  it('changes nothing where it can’t keep what it is told to', async () => {
    const { error, read } = await runScript<Live>('live', 'unheld');
    expect(error).toEqual(permissionDenied('KILL is to be kept'));
    expect(read.bounding).toEqual(['CHOWN', 'SETPCAP']);
    expect(read.permitted).toEqual(['CHOWN', 'SETPCAP']);
  });

  it('changes nothing without SETPCAP', async () => {
    const { error, read } = await runScript<Live>('live', 'withoutSetpcap');
    expect(error).toEqual(permissionDenied('SETPCAP is needed'));
    expect(read.bounding).toEqual(readCapabilities().bounding);
  });

  it('sets no_new_privs and limits', async () => {
    const { error, status, limits } = await runScript<Live & { limits: string }>(
      'live',
      'privileges',
    );
    expect(error).toBeUndefined();
    expect(parseStatus(status)['NoNewPrivs']).toBe('1');
    expect(limits).toMatch(/^Max core file size +0 +4096 +bytes/m);
  });
});
