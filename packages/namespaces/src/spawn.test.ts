import { spawn as nodeSpawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ended, run, sh } from '../test/run.ts';
import { mayRead } from '../test/unprivileged.ts';
import { commandPid, spawn } from './spawn.ts';
import { setHostname } from './uts.ts';

const index = fileURLToPath(new URL('index.ts', import.meta.url));

describe('what the command gets', () => {
  it('is standard input, output and error, and no other descriptor', async () => {
    // 3 is what ls itself has open.
    const list = 'ls /proc/self/fd';
    for (const namespaces of [
      {},
      { pid: true, net: true, uts: true },
      { user: true, time: true },
      { net: '/proc/self/ns/net' },
    ])
      expect(await sh(list, { namespaces })).toBe('0\n1\n2\n3');
  });

  it('is more descriptors at the numbers that they have in stdio', async () => {
    const file = openSync('/etc/hostname', 'r');
    const child = spawn('sh', ['-c', 'ls /proc/self/fd | tr "\\n" " "; cat <&5; echo four >&4'], {
      namespaces: { uts: true, pid: true },
      stdio: ['ignore', 'pipe', 'inherit', 'ignore', 'pipe', file],
    });
    closeSync(file);
    let four = '';
    (child.stdio[4] as NodeJS.ReadableStream).on(
      'data',
      (chunk: Buffer) => (four += chunk.toString()),
    );
    const { stdout } = await ended(child);
    // 3 is what ls itself has open.
    expect(stdout).toBe(`0 1 2 3 4 5 ${readFileSync('/etc/hostname', 'utf8')}`);
    expect(four).toBe('four\n');
    expect(child.stdio.length).toBe(6);
  });

  it('is closed for its readers as soon as it closes it', async () => {
    const child = spawn('sh', ['-c', 'exec >&- 2>&-; read line'], { namespaces: { pid: true } });
    child.stdout.resume();
    await once(child.stdout, 'end');
    expect(child.exitCode).toBe(null);
    child.stdin.end('done\n');
    await once(child, 'close');
    expect(child.exitCode).toBe(0);
  });

  it('is a channel to this process, with ipc', async () => {
    const child = spawn(
      process.execPath,
      ['-e', 'process.on("message", (m) => { process.send(m + 1); process.disconnect(); })'],
      {
        namespaces: { pid: true },
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      },
    );
    child.send(41);
    expect(await once(child, 'message')).toEqual([42, undefined]);
    expect(await ended(child)).toMatchObject({ code: 0 });
  });

  it('is the environment and the name that it is given', async () => {
    expect(
      await sh('env -i true; tr "\\0" "\\n" </proc/$$/environ; tr "\\0" " " </proc/$$/cmdline', {
        env: { PATH: '/bin:/usr/bin', ONE: '1', NONE: undefined },
        argv0: 'other',
      }),
    ).toMatch(/^PATH=\/bin:\/usr\/bin\nONE=1\nother -c /);
  });

  it('is a directory, and a user without any of the groups of this process', async () => {
    expect(await sh('pwd; id -u; id -G', { cwd: '/usr', uid: 1234, gid: 5678 })).toBe(
      '/usr\n1234\n5678',
    );
  });

  it('is called by its name in the ChildProcess', async () => {
    const child = spawn('true', ['a'], { namespaces: { uts: true } });
    expect(child).toMatchObject({ spawnfile: 'true', spawnargs: ['true', 'a'] });
    await once(child, 'close');
    const { code } = await ended(spawn('true', { namespaces: { uts: true } }));
    expect(code).toBe(0);
  });

  it('is what setUp has made, seen by nobody else', async () => {
    const before = readFileSync('/proc/sys/kernel/hostname', 'utf8');
    expect(
      await sh('hostname', {
        namespaces: { uts: true },
        setUp: (kernel) => setHostname(kernel, 'inside'),
      }),
    ).toBe('inside');
    expect(readFileSync('/proc/sys/kernel/hostname', 'utf8')).toBe(before);
  });
});

describe('commandPid', () => {
  it('is the pid of the command, seen from here', async () => {
    const child = spawn('sh', ['-c', 'readlink /proc/self/ns/pid; read line'], {
      namespaces: { pid: true },
    });
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
    expect(readlinkSync(`/proc/${await commandPid(child)}/ns/pid`)).toBe(chunk.toString().trim());
    child.stdin.end('\n');
    await once(child, 'close');
  });

  it('rejects with what failed, and refuses the children of others', async () => {
    const child = spawn('true', [], { namespaces: { net: '/no/such' } });
    child.on('error', () => {});
    await expect(commandPid(child)).rejects.toMatchObject({ code: 'ENOENT', path: '/no/such' });
    expect(() => commandPid(nodeSpawn('true'))).toThrow(/expected what spawn/);
  });
});

describe('what can not be', () => {
  const code = 'ERR_INVALID_ARG_VALUE';
  it.each([
    ['an empty command', '', {}, 'command'],
    ['a NUL in the command', 'a\0b', {}, 'command'],
    ['an unknown kind', 'true', { namespaces: { network: true } as never }, 'network'],
    ['a relative path', 'true', { namespaces: { net: 'ns/net' } }, 'namespaces.net'],
    ['null for a namespace', 'true', { namespaces: { net: null as never } }, 'namespaces.net'],
    ['pid 0', 'true', { namespaces: { net: { pid: 0 } } }, 'namespaces.net.pid'],
    ['id maps without a user namespace', 'true', { uidMappings: [] }, 'uidMappings'],
    [
      'clock offsets without a time namespace',
      'true',
      { timeOffsets: { monotonic: { seconds: 1 } } },
      'timeOffsets',
    ],
    ['a uid that is too large', 'true', { uid: 2 ** 32 - 1 }, 'uid'],
    ['a NUL in cwd', 'true', { cwd: '/\0' }, 'cwd'],
    ['a NUL in the environment', 'true', { env: { A: '\0' } }, 'environment[0]'],
  ] as const)('is refused before anything is started: %s', (_, command, options, name) => {
    expect(() => spawn(command, [], options)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(name) }),
    );
  });

  it('is an error event and status 125 where only the kernel can tell', async () => {
    const result = await run('true', [], { cwd: '/no/such/directory', namespaces: { uts: true } });
    expect(result.code).toBe(125);
    expect(result.errors).toMatchObject([
      { code: 'ENOENT', errno: -2, syscall: 'chdir', path: '/no/such/directory', step: {} },
    ]);
  });

  it.skipIf(!mayRead())(
    'is one EPERM of clone3 for whoever has no rights (needs a checkout that others can read)',
    async () => {
      const node = nodeSpawn(
        process.execPath,
        [
          '--no-warnings',
          '--conditions=@ts-c/source',
          '--input-type=module',
          '-e',
          `const { spawn } = await import(${JSON.stringify(index)});
         const child = spawn('true', [], { namespaces: { net: true } });
         child.on('error', ({ code, syscall, owner, step }) => console.log(code, syscall, owner, step.number > 0));
         child.on('exit', (status) => console.log(status));`,
        ],
        { uid: 65534, gid: 65534, cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] },
      );
      expect((await ended(node)).stdout).toBe('EPERM clone3 @ts-c/namespaces true\n125\n');
    },
  );
});
