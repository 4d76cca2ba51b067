import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { run, sh } from '../test/run.ts';
import { formatTimeOffsets } from './time.ts';

const uptime = (text: string): number => Number.parseFloat(text);
const now = (): number => uptime(readFileSync('/proc/uptime', 'utf8'));

describe('a time namespace', () => {
  it('has clocks that are ahead of the host', async () => {
    const inside = uptime(
      await sh('cat /proc/uptime', {
        namespaces: { time: true },
        timeOffsets: { boottime: { seconds: 1_000_000, nanoseconds: 500_000_000 } },
      }),
    );
    expect(inside - now() - 1_000_000.5).toBeLessThan(1);
    expect(inside - now() - 1_000_000.5).toBeGreaterThan(-5);
  });

  it('has clocks of its own for each', async () => {
    const offsets = { monotonic: { seconds: -1 }, boottime: { seconds: 86_400, nanoseconds: 1 } };
    expect(
      await sh('tr -s " " </proc/self/timens_offsets', {
        namespaces: { time: true },
        timeOffsets: offsets,
      }),
    ).toBe('monotonic -1 0\nboottime 86400 1');
  });

  it('shows the time of the host without offsets', async () => {
    expect(
      Math.abs(uptime(await sh('cat /proc/uptime', { namespaces: { time: true } })) - now()),
    ).toBeLessThan(5);
  });

  it('belongs to a user namespace with ids of its own, if there is one', async () => {
    const ids = [{ containerId: 0, hostId: 100_000, size: 10 }];
    const options = {
      namespaces: { user: true, time: true },
      uidMappings: ids,
      gidMappings: ids,
      timeOffsets: { boottime: { seconds: 1_000_000 } },
    };
    expect(uptime(await sh('cat /proc/uptime', options))).toBeGreaterThan(1_000_000);
  });

  it('can not begin before the machine did', async () => {
    const { code, errors } = await run('true', [], {
      namespaces: { time: true },
      timeOffsets: { boottime: { seconds: -1_000_000_000 } },
    });
    expect(code).toBe(125);
    expect(errors).toMatchObject([{ code: 'ERANGE', syscall: 'write' }]);
  });
});

describe('formatTimeOffsets', () => {
  it.each([
    { seconds: 0.5 },
    { seconds: 0, nanoseconds: 1_000_000_000 },
    { seconds: 0, nanoseconds: -1 },
  ])('refuses %j', (boottime) => {
    expect(() => formatTimeOffsets({ boottime })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });

  it('refuses a clock that can not be set', () => {
    expect(() => formatTimeOffsets({ realtime: { seconds: 1 } } as never)).toThrow(/realtime/);
  });
});
