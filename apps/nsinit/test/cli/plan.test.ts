import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { busybox, makeRootfs, temporaryDirectory } from '../rootfs.ts';
import { writeSample } from '../samples.ts';
import { nsinit, output } from './nsinit.ts';

interface Plan {
  readonly facts: { readonly user: { readonly uid: number } };
  readonly steps: readonly {
    readonly step: number;
    readonly syscall: string;
    readonly owner?: string;
    readonly text: string;
  }[];
}

const plan = async (...args: readonly string[]): Promise<Plan> =>
  JSON.parse(await output(['plan', '--json', ...args])) as Plan;

describe('nsinit plan', () => {
  it('says what run would do, twice the same, and does nothing of it', async () => {
    const root = join(temporaryDirectory('root'), 'none');
    const listing = await output(['plan', '--root', root, '--hostname', 'box', 'true']);
    expect(listing).toContain('# @ts-c/mount: a view of the host');
    expect(listing).toMatch(/^ +\d+ +mkdirat\(fd1, "container", 0700\)$/m);
    expect(listing).toContain('sethostname("box", 3)');
    expect(listing).toContain('/bin/true');
    expect(await output(['plan', 'run', '--root', root, '--hostname', 'box', '--', 'true'])).toBe(
      listing,
    );
    expect(readdirSync(join(root, '..'))).toEqual([]);
  });

  it('gives the steps as JSON, numbered from 1', async () => {
    const { steps, facts } = await plan('-u', '65534:65534', 'true');
    expect(steps.map(({ step }) => step)).toEqual(steps.map((_, index) => index + 1));
    expect(
      steps.every(
        ({ syscall, owner, text }) =>
          text.includes(`${syscall}(`) && (owner ?? '@ts-c/').startsWith('@ts-c/'),
      ),
    ).toBe(true);
    expect(facts.user.uid).toBe(65_534);
    expect(steps.some(({ syscall }) => syscall === 'clone3')).toBe(true);
    const { steps: again } = JSON.parse(
      await output(['plan', 'run', '--json', '-u', '65534:65534', 'true']),
    ) as Plan;
    expect(again).toEqual(steps);
  });

  it('knows commands that are called as its own are', async () => {
    expect(await output(['plan', '--', 'exec', 'x'])).toContain('/bin/exec"');
  });

  it.each([
    [['plan'], 'nsinit: plan: there is no command; neither does a container.json have one'],
    [['plan', '--rotfs', '/x', 'true'], 'nsinit: plan: there is no option --rotfs'],
    [['plan', 'run', '--rotfs', '/x', 'true'], 'nsinit: plan run: there is no option --rotfs'],
    [['plan', '--tty', 'exec', 'true'], 'nsinit: plan exec: there is no option --tty'],
    [['plan', 'exec', '--rootfs', '/x', 'true'], 'nsinit: plan exec: there is no option --rootfs'],
    [['plan', '--rootfs', '/nowhere', 'true'], 'nsinit: rootfs: "/nowhere" does not exist'],
  ])('%j', async (args, line) => {
    const { status, stdout, stderr } = await nsinit(args);
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    expect(stderr.split('\n')[0]).toBe(line);
  });

  it.skipIf(!busybox)('says what exec would do (needs busybox-static)', async () => {
    const cwd = makeRootfs();
    writeSample('minimal', cwd);
    const before = readdirSync(cwd);
    const stdout = await output(['plan', 'exec', '/bin/sh'], { cwd });
    expect(stdout).toContain('# @ts-c/network: addresses of lo');
    expect(stdout).toContain('sethostname("koye", 4)');
    expect(stdout).toContain('# @ts-c/state: the lock of the directory');
    expect(readdirSync(cwd)).toEqual(before);
  });
});
