import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { plan } from '../src/index.ts';
import { Host } from './network/host.ts';
import { fixedSituation } from './networks.ts';
import { busybox, makeRootfs } from './rootfs.ts';
import { describeOwnSample, samples } from './samples.ts';
import { follow } from './strace/follow.ts';
import { trace } from './strace/run.ts';

const hasStrace = spawnSync('strace', ['--version']).status === 0;

describe.skipIf(!busybox || !hasStrace)(
  'strace of the real run (needs busybox-static and strace)',
  () => {
    it.each(samples)('agrees with the listing of %s.json, call for call', async (name) => {
      // Without a terminal: nobody is there to take it.
      const description = {
        ...describeOwnSample(name, makeRootfs(), ['/bin/true']),
        tty: false,
      };
      const program = plan(description, { network: fixedSituation });
      await using host = await Host.start();
      host.addBridge('docker0', '172.17.42.1/16');
      const traced = await trace(program, host);
      expect(traced.output).toBe('');
      expect(traced.status).toBe(0);
      expect(follow(program, traced.processes, traced.first)).toBeGreaterThan(100);
    });

    it('agrees where a step fails', async () => {
      const rootfs = makeRootfs();
      const program = plan({ rootfs, command: ['/no/such/command'] });
      const traced = await trace(program);
      expect(traced.status).toBe(127);
      expect(follow(program, traced.processes, traced.first)).toBeGreaterThan(100);
    });

    it('agrees for the view of the host', async () => {
      const program = plan({ command: ['true'] });
      const traced = await trace(program);
      expect(traced.status).toBe(0);
      expect(follow(program, traced.processes, traced.first)).toBeGreaterThan(100);
    });

    it('tells where a process leaves its listing', async () => {
      const rootfs = makeRootfs();
      const traced = await trace(plan({ rootfs, command: ['/bin/true'] }));
      const other = plan({ rootfs, command: ['/bin/true'], hostname: 'other' });
      expect(() => follow(other, traced.processes, traced.first)).toThrow(
        /sethostname\("other", 5\)/,
      );
    });
  },
);
