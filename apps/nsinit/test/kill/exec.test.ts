import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { command, output } from '../cli/nsinit.ts';
import { busybox, makeRootfs } from '../rootfs.ts';
import { remaining } from './walk.ts';

it.skipIf(!busybox)(
  'SIGKILL of nsinit exec ends its container and removes state.json (needs busybox-static)',
  async () => {
    const cwd = makeRootfs();
    const namespaces = { NEWNS: true, NEWPID: true, NEWUTS: true, NEWIPC: true };
    writeFileSync(
      join(cwd, 'container.json'),
      JSON.stringify({ namespaces, environment: ['PATH=/bin'], mount_config: {} }),
    );
    const before = readdirSync(cwd);
    const [node, ...args] = [...command, 'exec', '--', 'sleep', '60'];
    const child = spawn(node, args, { cwd, stdio: 'ignore' });
    const state = join(cwd, 'state.json');
    for (let tries = 0; tries < 200 && !existsSync(state); tries += 1) await delay(50);
    const { init_pid: pid } = JSON.parse(readFileSync(state, 'utf8')) as { init_pid: number };

    child.kill('SIGKILL');
    await once(child, 'exit');

    expect(await remaining([pid])).toEqual([]);
    for (let tries = 0; tries < 60 && existsSync(state); tries += 1) await delay(50);
    // The places to mount on have been made in the root file system; they are empty and stay.
    const made = new Set(['proc', 'sys', 'dev']);
    expect(readdirSync(cwd).filter((name) => !made.has(name))).toEqual(before);
    expect(await output(['exec', '--', 'echo', 'again'], { cwd })).toBe('again\n');
  },
);
