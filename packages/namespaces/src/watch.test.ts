import { spawn as nodeSpawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { childrenOf, eventually } from '../test/processes.ts';
import { ended, hold, run, sh } from '../test/run.ts';
import { spawn } from './spawn.ts';

const hasScript = spawnSync('script', ['--version']).status === 0;
const index = fileURLToPath(new URL('index.ts', import.meta.url));

const count = (): number => readdirSync('/proc/self/fd').length;

describe('the end of a command', () => {
  it.each([0, 1, 2, 125, 126, 127, 128, 137, 254, 255])('travels: status %i', async (status) => {
    const result = await run('sh', ['-c', `exit ${status}`], { namespaces: { pid: true } });
    expect(result).toMatchObject({ code: status, signal: null, errors: [] });
  });

  it.each([
    'SIGKILL',
    'SIGTERM',
    'SIGINT',
    'SIGSEGV',
    'SIGABRT',
    'SIGQUIT',
    'SIGUSR1',
    'SIGPIPE',
  ] as const)('travels: %s', async (name) => {
    const number = constants.signals[name];
    expect(await run('sh', ['-c', `kill -${number} $$`])).toMatchObject({
      code: null,
      signal: name,
    });
  });

  it('leaves no core dump of the supervisor beside that of the command', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ts-c-core-'));
    try {
      const result = await run('sh', ['-c', 'ulimit -c 0; kill -SEGV $$'], { cwd: directory });
      expect(result.signal).toBe('SIGSEGV');
      expect(readdirSync(directory)).toEqual([]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('leaves no descriptor and no zombie in this process', async () => {
    await run('true');
    const before = count();
    for (let i = 0; i < 20; i += 1) await run('true', [], { namespaces: { pid: true, net: true } });
    expect(await eventually(() => count() <= before)).toBe(true);
    expect(childrenOf(process.pid)).toEqual([]);
  });
});

describe('signals', () => {
  it('reach the command through kill', async () => {
    await using held = await hold(
      `trap 'echo caught; exit 3' USR2; echo ready; while :; do sleep 0.05; done`,
      {
        namespaces: { pid: true },
      },
    );
    const result = ended(held.child);
    held.child.kill('SIGUSR2');
    expect(await result).toMatchObject({ code: 3, stdout: 'caught\n' });
  });

  it('of real time reach it too', async () => {
    await using held = await hold(`trap 'exit 4' 40; echo ready; while :; do sleep 0.05; done`);
    const result = ended(held.child);
    process.kill(held.child.pid!, 40);
    expect(await result).toMatchObject({ code: 4 });
  });

  it('end a command that has no handler, by the signal', async () => {
    await using held = await hold('echo ready; exec sleep 60');
    const result = ended(held.child);
    expect(held.child.kill()).toBe(true);
    expect(await result).toMatchObject({ code: null, signal: 'SIGTERM' });
  });

  it('are unblocked and at their defaults in the command', async () => {
    expect(await sh('grep -E "Sig(Blk|Ign)" /proc/self/status')).toMatch(
      /^SigBlk:\s0+\nSigIgn:\s0+$/,
    );
  });

  it.skipIf(!hasScript)(
    'of a terminal are not passed on a second time (needs script(1))',
    async () => {
      // What is typed at the terminal that it gives becomes a signal of the kernel, for the whole foreground group.
      const command = `let n = 0; process.on("SIGINT", () => console.log("caught " + ++n)); console.log("ready"); setTimeout(() => {}, 1000)`;
      const script = `
      const { spawn } = await import(${JSON.stringify(index)});
      process.on('SIGINT', () => {});
      spawn(process.execPath, ['-e', ${JSON.stringify(command)}], { stdio: 'inherit' });`;
      const quoted = `'${script.replaceAll("'", `'\\''`)}'`;
      const node = `'${process.execPath}' --no-warnings --conditions=@ts-c/source --input-type=module -e ${quoted}`;
      const terminal = nodeSpawn('script', ['-qec', node, '/dev/null'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let output = '';
      terminal.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (chunk.toString().includes('ready')) terminal.stdin.write('\x03');
      });
      await once(terminal, 'close');
      expect(output).toContain('caught 1');
      expect(output).not.toContain('caught 2');
    },
  );
});

describe('AbortSignal and timeout', () => {
  it('end a command that is pid 1 of its namespace, which ignores SIGTERM', async () => {
    const { code, signal, errors } = await run('sleep', ['60'], {
      namespaces: { pid: true },
      timeout: 100,
    });
    expect({ code, signal, errors }).toEqual({ code: null, signal: 'SIGKILL', errors: [] });
  });

  it('end any other by SIGTERM, or the signal that is asked for', async () => {
    expect(await run('sleep', ['60'], { timeout: 100 })).toMatchObject({ signal: 'SIGTERM' });
    expect(await run('sleep', ['60'], { timeout: 100, killSignal: 'SIGINT' })).toMatchObject({
      signal: 'SIGINT',
    });
  });

  it('give one AbortError, aborted before or after the start', async () => {
    const before = await run('sleep', ['60'], { signal: AbortSignal.abort() });
    expect(before.errors.map(({ code }) => code)).toEqual(['ABORT_ERR']);
    const controller = new AbortController();
    const child = spawn('sh', ['-c', 'echo ready; sleep 60'], {
      signal: controller.signal,
      namespaces: { pid: true },
    });
    child.stdout.once('data', () => controller.abort());
    const after = await ended(child);
    expect(after.errors.map(({ code }) => code)).toEqual(['ABORT_ERR']);
    expect(after.signal).toBe('SIGKILL');
  });
});
