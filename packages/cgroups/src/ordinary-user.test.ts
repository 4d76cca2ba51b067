import { chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { removeGroup } from '../test/hierarchy.ts';
import { has, hasVersion, leftOf, only, testName } from '../test/machine.ts';
import { asNobody, mayRead, nobody } from '../test/unprivileged.ts';

const isRoot = process.geteuid?.() === 0;
const can = isRoot && (hasVersion(1) || hasVersion(2)) && mayRead();

/** A cgroup of version 2 that is delegated to an ordinary user, as cgroups(7) has it; with a controller where one is named. */
function delegated(controller?: string): string {
  const root = only(2).hierarchies[0]?.mountPoint;
  if (controller !== undefined) writeFileSync(`${root}/cgroup.subtree_control`, `+${controller}`);
  const directory = `${root}/${testName()}`;
  mkdirSync(directory);
  onTestFinished(() => removeGroup(directory));
  chownSync(directory, nobody.uid, nobody.gid);
  for (const file of ['cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control'])
    chownSync(`${directory}/${file}`, nobody.uid, nobody.gid);
  return directory;
}

describe.skipIf(!can)('an ordinary user (needs root, cgroups and a readable checkout)', () => {
  it('is told that nothing is delegated', async () => {
    const name = testName();
    expect(await asNobody(`say(await cgroups.Cgroup.create({ name: '${name}' }));`)).toEqual({
      failed: {
        code: 'EACCES',
        message:
          'no cgroup can be made here: none of those that this process is in is delegated to this user; run as root, or in one that is: systemd-run --user --scope -p Delegate=yes',
      },
    });
    expect(leftOf(name)).toEqual([]);
  });

  it.skipIf(!has('pids'))('is told so of a limit (needs pids)', async () => {
    const name = testName();
    expect(
      await asNobody(`say(await cgroups.Cgroup.create({ name: '${name}', pids: 5 }));`),
    ).toMatchObject({
      failed: {
        code: 'EACCES',
        message: expect.stringMatching(/not delegated to this user/) as string,
      },
    });
    expect(leftOf(name)).toEqual([]);
  });

  describe.skipIf(!hasVersion(2))('with a cgroup of its own (needs cgroup v2)', () => {
    it('makes others beneath it', async () => {
      const directory = delegated();
      mkdirSync(`${directory}/shell`);
      chownSync(`${directory}/shell`, nobody.uid, nobody.gid);
      chownSync(`${directory}/shell/cgroup.procs`, nobody.uid, nobody.gid);
      const said = await asNobody(
        `const group = await cgroups.Cgroup.create({ name: 'mine' });
         const child = group.spawn('cat', ['/proc/self/cgroup'], { stdio: ['ignore', 'pipe', 'inherit'] });
         let output = '';
         for await (const chunk of child.stdout) output += chunk;
         const sleep = group.spawn('sleep', ['60'], { stdio: 'ignore' });
         const ended = new Promise((resolve) => sleep.once('exit', (code, signal) => resolve(signal)));
         while (!(await group.processes()).includes(sleep.pid)) await new Promise(setImmediate);
         await group.freeze();
         const isFrozen = await group.isFrozen();
         await group.kill();
         const signal = await ended;
         await group.remove();
         say({ members: group.members, output, isFrozen, signal });`,
        `${directory}/shell`,
      );
      expect(said).toMatchObject({
        members: [{ version: 2, path: `${directory}/mine` }],
        output: expect.stringMatching(/\/mine$/m) as string,
        isFrozen: true,
        signal: 'SIGKILL',
      });
      expect(existsSync(`${directory}/mine`)).toBe(false);
    });

    it('makes others beneath that which it is in, without limits', async () => {
      const directory = delegated();
      const said = await asNobody(
        `await using group = await cgroups.Cgroup.create({ name: 'mine' });
         const child = group.spawn('cat', ['/proc/self/cgroup'], { stdio: ['ignore', 'pipe', 'inherit'] });
         let output = '';
         for await (const chunk of child.stdout) output += chunk;
         say({ path: group.members[0].path, output });`,
        directory,
      );
      expect(said).toMatchObject({
        path: `${directory}/mine`,
        output: expect.stringMatching(/\/mine$/m) as string,
      });
      expect(readdirSync(directory)).not.toContain('mine');
    });

    it.skipIf(!only(2).hierarchies[0]?.controllers.includes('pids'))(
      'with limits, where the controllers come down to it (needs pids of version 2)',
      async () => {
        const directory = delegated('pids');
        mkdirSync(`${directory}/shell`);
        chownSync(`${directory}/shell/cgroup.procs`, nobody.uid, nobody.gid);
        const limited = `await using group = await cgroups.Cgroup.create({ name: 'mine', pids: 7 });
          say((await group.statistics()).pids.limit);`;
        expect(await asNobody(limited, `${directory}/shell`)).toBe(7);
        // It is in the way itself here.
        const busy = delegated('pids');
        expect(await asNobody(limited, busy)).toMatchObject({
          failed: {
            code: 'ERR_CGROUP_BUSY',
            key: 'pids',
            path: busy,
            message: expect.stringContaining('move them to a cgroup beneath it') as string,
          },
        });
      },
    );
  });
});
