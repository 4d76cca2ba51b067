import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { live, pidfdOpen } from '@ts-c/syscall';
import { describe, expect, it } from 'vitest';
import { hold, run, sh } from '../test/run.ts';
import { namespaces, type NamespaceKind } from './kinds.ts';
import type { NamespaceRequests, NamespaceTarget } from './requests.ts';
import { commandPid } from './spawn.ts';

const files = namespaces.map(({ file }) => file);
// In a pid namespace that is not its /proc's, /proc/self is nothing: the shell's parent is the supervisor, whose children are listed.
const look = (list: readonly string[]): string =>
  `readlink ${list.map((file) => `/proc/self/ns/${file}`).join(' ')}`;

const all = (
  value: true | ((kind: NamespaceKind, file: string) => NamespaceTarget),
): NamespaceRequests =>
  Object.fromEntries(
    namespaces.map(({ kind, file }) => [kind, value === true ? true : value(kind, file)]),
  );

/** The namespaces of a process, by file. */
const namespacesOf = (pid: number): string[] =>
  files.map((file) => readlinkSync(`/proc/${pid}/ns/${file}`));

/** A container with all kinds of namespaces but `without`, and the pid of its first process. */
async function container(...without: NamespaceKind[]) {
  const wanted = Object.fromEntries(
    Object.entries(all(true)).filter(([kind]) => !without.includes(kind as NamespaceKind)),
  );
  const held = await hold('echo ready; exec sleep 60', {
    namespaces: wanted,
    ...(wanted.user
      ? {
          uidMappings: [{ containerId: 0, hostId: 100_000, size: 1000 }],
          gidMappings: [{ containerId: 0, hostId: 100_000, size: 1000 }],
        }
      : {}),
  });
  const pid = await commandPid(held.child);
  return { pid, [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() };
}

/** Runs a process in namespaces until it has been looked at from outside. */
async function joined(requests: NamespaceRequests): Promise<string[]> {
  await using held = await hold('echo ready; exec sleep 60', { namespaces: requests });
  return namespacesOf(await commandPid(held.child));
}

describe('joining all kinds of namespaces', () => {
  it('by path', async () => {
    await using there = await container();
    expect(await joined(all((_, file) => `/proc/${there.pid}/ns/${file}`))).toEqual(
      namespacesOf(there.pid),
    );
  });

  it('by pid', async () => {
    await using there = await container();
    expect(await joined(all(() => ({ pid: there.pid })))).toEqual(namespacesOf(there.pid));
  });

  it('by pidfd', async () => {
    await using there = await container();
    const pidfd = Number(live.call(pidfdOpen, there.pid, 0));
    try {
      expect(await joined(all(() => ({ pidfd })))).toEqual(namespacesOf(there.pid));
    } finally {
      closeSync(pidfd);
    }
  });

  it('that root of the host owns', async () => {
    await using there = await container('user');
    const requests = Object.fromEntries(
      Object.entries(all(() => ({ pid: there.pid }))).filter(([kind]) => kind !== 'user'),
    );
    expect(await joined(requests)).toEqual(namespacesOf(there.pid));
  });

  it('partly owned by the user namespace, partly by that of the host', async () => {
    await using owned = await container('net', 'pid');
    await using foreign = await hold('echo ready; exec sleep 60', { namespaces: { net: true } });
    const foreignPid = await commandPid(foreign.child);
    const result = await joined({
      user: { pid: owned.pid },
      uts: { pid: owned.pid },
      ipc: { pid: owned.pid },
      net: { pid: foreignPid },
    });
    const expected = namespacesOf(process.pid);
    const take = (pid: number, ...names: string[]): void =>
      names.forEach(
        (name) => (expected[files.indexOf(name)] = readlinkSync(`/proc/${pid}/ns/${name}`)),
      );
    take(owned.pid, 'user', 'uts', 'ipc');
    take(foreignPid, 'net');
    expect(result).toEqual(expected);
  });

  it('each on its own, while all others stay', async () => {
    await using there = await container('user');
    for (const { kind, file } of namespaces) {
      if (kind === 'user') continue;
      const expected = namespacesOf(process.pid);
      expected[files.indexOf(file)] = readlinkSync(`/proc/${there.pid}/ns/${file}`);
      expect(await joined({ [kind]: { pid: there.pid } })).toEqual(expected);
    }
  });
});

describe('joining and creating', () => {
  it('go together', async () => {
    await using there = await container('user');
    const [net, uts, user] = (
      await sh(look(['net', 'uts', 'user']), {
        namespaces: { net: { pid: there.pid }, uts: true, user: true },
      })
    ).split('\n');
    expect(net).toBe(readlinkSync(`/proc/${there.pid}/ns/net`));
    expect([
      readlinkSync(`/proc/${there.pid}/ns/uts`),
      readlinkSync('/proc/self/ns/uts'),
    ]).not.toContain(uts);
    expect(user).not.toBe(readlinkSync('/proc/self/ns/user'));
  });

  it('work where the mount namespace that is joined has no /proc', async () => {
    await using bare = await hold('mount -t tmpfs none /proc && echo ready; exec sleep 60', {
      namespaces: { mount: true },
    });
    const pid = await commandPid(bare.child);
    const result = await sh('ls /proc; id -u; cat', {
      namespaces: { mount: { pid }, user: true, time: true },
      timeOffsets: { boottime: { seconds: 1000 } },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect(result).toBe('0');
  });
});

describe('a user namespace that is joined', () => {
  it('gives the ids and the capabilities of root in it', async () => {
    await using there = await container();
    const namespaced = { user: { pid: there.pid } };
    expect(
      await sh('id -u; id -g; id -G; grep CapEff /proc/self/status', { namespaces: namespaced }),
    ).toMatch(/^0\n0\n0\nCapEff:\s000001f/);
  });

  it('leaves the ids as they are where it has no root', async () => {
    await using there = await hold('echo ready; exec sleep 60', {
      namespaces: { user: true },
      uidMappings: [{ containerId: 5, hostId: 0, size: 1 }],
      gidMappings: [{ containerId: 6, hostId: 0, size: 1 }],
    });
    const pid = await commandPid(there.child);
    expect(await sh('id -u; id -g', { namespaces: { user: { pid } } })).toBe('5\n6');
  });
});

const failing = async (target: NamespaceTarget, kind: NamespaceKind = 'net') => {
  const { code, errors } = await run('true', [], { namespaces: { [kind]: target } });
  expect(code).toBe(125);
  expect(errors.length).toBe(1);
  return errors[0];
};

describe('a target that can not be joined', () => {
  it('is of another kind', async () => {
    const path = '/proc/self/ns/uts';
    expect(await failing(path)).toMatchObject({
      code: 'EINVAL',
      errno: -22,
      syscall: 'setns',
      path,
      message: expect.stringContaining('is not a net namespace'),
    });
  });

  it.each(['/etc/passwd', '/dev/null', '/proc'])('is no namespace: %s', async (path) => {
    expect(await failing(path)).toMatchObject({
      code: 'EINVAL',
      syscall: 'setns',
      path,
      message: expect.stringContaining('is not a namespace'),
    });
  });

  it('is a FIFO that nobody writes to', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ts-c-join-'));
    try {
      execFileSync('mkfifo', [join(directory, 'fifo')]);
      expect(await failing(join(directory, 'fifo'))).toMatchObject({ code: 'EINVAL' });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('is not there', async () => {
    expect(await failing('/no/such/path')).toMatchObject({
      code: 'ENOENT',
      syscall: 'openat',
      path: '/no/such/path',
    });
  });

  it('is a process that is gone', async () => {
    const pid = Number(execFileSync('sh', ['-c', 'echo $$']).toString());
    expect(await failing({ pid })).toMatchObject({
      code: 'ESRCH',
      errno: -3,
      syscall: 'pidfd_open',
      message: expect.stringContaining(String(pid)),
    });
  });

  it('is the user namespace that we are in', async () => {
    expect(await failing('/proc/self/ns/user', 'user')).toMatchObject({
      code: 'EINVAL',
      syscall: 'setns',
      step: {},
    });
  });
});

describe('creating', () => {
  it.each(namespaces.map(({ kind, file }) => [kind, file]))(
    'a %s namespace leaves all others',
    async (kind, file) => {
      const expected = namespacesOf(process.pid);
      const created = await joined({ [kind]: true });
      const index = files.indexOf(file);
      expect(created[index]).not.toBe(expected[index]);
      expect(created.toSpliced(index, 1)).toEqual(expected.toSpliced(index, 1));
    },
  );

  it('a cgroup namespace makes the own cgroup its root', async () => {
    const cgroups = await sh('cut -d: -f3 /proc/self/cgroup | sort -u', {
      namespaces: { cgroup: true },
    });
    expect(cgroups).toBe('/');
  });

  it('a mount namespace keeps mounts to itself', async () => {
    const before = readFileSync('/proc/self/mountinfo', 'utf8');
    expect(
      await sh('mount -t tmpfs none /mnt && ls -A /mnt && grep -c " /mnt " /proc/self/mountinfo', {
        namespaces: { mount: true },
      }),
    ).toBe('1');
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).toBe(before);
  });
});
