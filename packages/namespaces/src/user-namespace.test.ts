import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { hold, run, sh, type Result } from '../test/run.ts';
import { asNobody, mayUnshare, nobody, scriptOf } from '../test/unprivileged.ts';

const maps = 'cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups';
const words = (text: string): string[] => text.trim().split(/\s+/);
const has = (command: string): boolean => !spawnSync(command).error;

describe('a user namespace of root', () => {
  it('maps root to itself unless told otherwise', async () => {
    expect(words(await sh(`id -u; id -g; ${maps}`, { namespaces: { user: true } }))).toEqual(
      words('0 0 0 0 1 0 0 1 allow'),
    );
  });

  const ranges = [
    { containerId: 0, hostId: 100_000, size: 1000 },
    { containerId: 5000, hostId: 200_000, size: 10 },
  ];

  it('maps ranges, by a process that stays outside', async () => {
    const output = await sh(`id -u; id -G; ${maps}; grep -c . /proc/self/status >/dev/null`, {
      namespaces: {
        user: true,
        pid: true,
        mount: true,
        uts: true,
        ipc: true,
        net: true,
        cgroup: true,
      },
      uidMappings: ranges,
      gidMappings: ranges,
    });
    expect(words(output)).toEqual(
      words('0 0 0 100000 1000 5000 200000 10 0 100000 1000 5000 200000 10 allow'),
    );
  });

  it('has all capabilities inside, and another user outside', async () => {
    await using held = await hold('grep CapEff /proc/self/status | cut -f2; exec sleep 60', {
      namespaces: { user: true },
      uidMappings: ranges,
      gidMappings: ranges,
    });
    expect(held.line).toMatch(/^000001f/);
    const { stdout } = spawnSync('ps', ['-o', 'uid=,gid=', '-p', String(held.child.pid)], {
      encoding: 'utf8',
    });
    expect(words(stdout)).toEqual(['100000', '100000']);
  });

  it('leaves the groups of this process outside', async () => {
    const script = `process.setgroups([0, 4, 27]); await run('id', ['-G'], { namespaces: { user: true } });`;
    const child = spawnSync(process.execPath, scriptOf(script), { encoding: 'utf8' });
    expect((JSON.parse(child.stdout) as Result).stdout).toBe('0\n');
  });

  it('runs the command as any user of its maps', async () => {
    expect(
      await sh('id -u; id -g; id -G', {
        namespaces: { user: true },
        uidMappings: ranges,
        gidMappings: ranges,
        uid: 7,
        gid: 5005,
      }),
    ).toBe('7\n5005\n5005');
  });

  it('keeps the user outside who has no root inside', async () => {
    const own = [{ containerId: 1000, hostId: 0, size: 1 }];
    expect(
      await sh('id -u; id -g', { namespaces: { user: true }, uidMappings: own, gidMappings: own }),
    ).toBe('1000\n1000');
  });

  it('can not be where the maps are more than this process may give: one error, status 125', async () => {
    // In there only root is mapped, so there is nothing else to hand on.
    const script = `await run('true', [], {
      namespaces: { user: true },
      uidMappings: [{ containerId: 0, hostId: 0, size: 1000 }],
      gidMappings: [{ containerId: 0, hostId: 0, size: 1000 }],
    });`;
    const outer = await run(process.execPath, scriptOf(script), { namespaces: { user: true } });
    const inner = JSON.parse(outer.stdout) as Result;
    expect(inner).toMatchObject({
      code: 125,
      signal: null,
      errors: [{ code: 'EPERM', syscall: 'write' }],
    });
    expect(inner.errors.length).toBe(1);
  });
});

describe.skipIf(!mayUnshare())(
  'a user namespace of anybody (needs a kernel that lets nobody unshare, and a checkout that others can read)',
  () => {
    it('maps root to the own id, and gives up setgroups', async () => {
      const result =
        await asNobody(`await run('sh', ['-c', ${JSON.stringify(`id -u; id -g; ${maps}; hostname box && hostname`)}], {
      namespaces: { user: true, mount: true, pid: true, net: true, uts: true, ipc: true, cgroup: true, time: true },
      timeOffsets: { boottime: { seconds: 7 } },
    });`);
      expect(result).toMatchObject({ code: 0, stderr: '', errors: [] });
      expect(words(result.stdout)).toEqual(words('0 0 0 65534 1 0 65534 1 deny box'));
    });

    it('maps the own id to any other, with no rights left then', async () => {
      const own = `[{ containerId: 1000, hostId: 65534, size: 1 }]`;
      const result = await asNobody(
        `await run('sh', ['-c', 'id -u; id -g'], { namespaces: { user: true }, uidMappings: ${own}, gidMappings: ${own} });`,
      );
      expect(result).toMatchObject({ code: 0, stdout: '1000\n1000\n' });
    });
  },
);

const spawning = (
  uid: number,
): string => `await run('sh', ['-c', ${JSON.stringify(`id -u; id -G; ${maps}`)}], {
  namespaces: { user: true, pid: true },
  uidMappings: [{ containerId: 0, hostId: 65534, size: 1 }, { containerId: 1, hostId: ${uid}, size: 1000 }],
  gidMappings: [{ containerId: 0, hostId: 65534, size: 1 }, { containerId: 1, hostId: 400000, size: 1000 }],
});`;

const hasTools =
  ['newuidmap', 'newgidmap', 'setpriv'].every(has) &&
  ['/etc/subuid', '/etc/subgid'].every((path) => existsSync(path)) &&
  mayUnshare();

describe.skipIf(!hasTools)(
  'ranges of anybody (needs newuidmap, setpriv, /etc/subuid and a kernel that lets nobody unshare)',
  () => {
    const directory = mkdtempSync(join(tmpdir(), 'ts-c-subuid-'));
    afterAll(() => rmSync(directory, { recursive: true }));
    writeFileSync(join(directory, 'subuid'), 'nobody:300000:1000\n');
    writeFileSync(join(directory, 'subgid'), 'nobody:400000:1000\n');

    /** Runs a script as nobody, in a mount namespace where nobody has subordinate ids. */
    async function withRanges(body: string, env: Record<string, string> = {}): Promise<Result> {
      const own = ['uid', 'gid']
        .map((id) => `mount --bind ${directory}/sub${id} /etc/sub${id}`)
        .join(' && ');
      const { stdout, stderr } = await run(
        'sh',
        [
          '-c',
          `${own} && exec setpriv --reuid ${nobody.uid} --regid ${nobody.gid} --clear-groups "$@"`,
          'sh',
          'env',
          ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
          process.execPath,
          ...scriptOf(body),
        ],
        { namespaces: { mount: true }, cwd: '/' },
      );
      expect(stderr).toBe('');
      return JSON.parse(stdout) as Result;
    }

    it('are mapped by newuidmap and newgidmap', async () => {
      const result = await withRanges(spawning(300_000));
      expect(result).toMatchObject({ code: 0, stderr: '', errors: [] });
      expect(words(result.stdout)).toEqual(
        words('0 0 0 65534 1 1 300000 1000 0 65534 1 1 400000 1000 allow'),
      );
    });

    it('are refused where they are not those of the user: one error, status 125, and what newuidmap says', async () => {
      const result = await withRanges(spawning(0));
      expect(result).toMatchObject({
        code: 125,
        signal: null,
        errors: [
          {
            code: 'ERR_ID_MAPS',
            message: expect.stringMatching(/newuidmap: uid range .* not allowed/),
          },
        ],
      });
      expect(result.errors.length).toBe(1);
    });

    it('are refused where there is no newuidmap, with what to install', async () => {
      const result = await withRanges(spawning(300_000), { PATH: '/nowhere' });
      expect(result).toMatchObject({
        code: 125,
        errors: [{ code: 'ERR_ID_MAPS', message: expect.stringContaining('package uidmap') }],
      });
      expect(result.errors.length).toBe(1);
    });
  },
);
