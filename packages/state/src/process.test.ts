import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  isSameProcess,
  openProcess,
  parseStat,
  processStartTime,
  sendSignal,
  signalName,
} from './process.ts';

const children: ChildProcess[] = [];

async function sleeper(): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  children.push(child);
  await once(child, 'spawn');
  return child as ChildProcess & { readonly pid: number };
}

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

const zombie = (threads: number): string =>
  `42 (x) Z 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 ${threads} 0 5 0`;
const esrch = expect.objectContaining({ code: 'ESRCH', errno: -3 });

describe('processStartTime', () => {
  it('is field 22, whatever the name of the process', () => {
    const rest = 'S 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4711 0 0';
    expect(parseStat(`42 (a) b (c) ${rest}`).startTime).toBe('4711');
    expect(parseStat(`42 (\n) Z 1 2) ${rest}`)).toEqual({ startTime: '4711', ended: false });
    const fields = readFileSync('/proc/self/stat', 'latin1').split(') ').at(-1)?.split(' ');
    expect(processStartTime(process.pid)).toBe(fields?.[19]);
  });

  it('takes a process whose first thread has ended for alive, and a zombie for dead', () => {
    expect(parseStat(zombie(3)).ended).toBe(false);
    expect(parseStat(zombie(1)).ended).toBe(true);
  });

  it('fails with ESRCH where there is no such process', () => {
    for (const pid of [2 ** 22 + 1, 0, -1, 1.5, Number.NaN]) {
      expect(() => processStartTime(pid)).toThrow(esrch);
    }
  });
});

describe('isSameProcess', () => {
  it('tells a process from another that has its pid', async () => {
    const { pid } = await sleeper();
    const startTime = processStartTime(pid);
    expect(isSameProcess(pid, startTime)).toBe(true);
    expect(isSameProcess(pid, String(BigInt(startTime) - 1n))).toBe(false);
    expect(isSameProcess(2 ** 22 + 1, startTime)).toBe(false);
  });

  it('is false for one that has ended and was not waited for', async () => {
    // The shell's child ends; what the shell becomes never waits for it.
    const parent = spawn('sh', ['-c', 'sleep 0.05 & echo $!; exec sleep 60'], { stdio: 'pipe' });
    children.push(parent);
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(String(line));
    const startTime = processStartTime(pid);
    await expect.poll(() => isSameProcess(pid, startTime), { timeout: 5000 }).toBe(false);
    expect(processStartTime(pid)).toBe(startTime);
    expect(() => openProcess(pid, startTime)).toThrow(esrch);
  });
});

describe('sendSignal', () => {
  it('sends it to the process', async () => {
    const child = await sleeper();
    const end = once(child, 'exit');
    sendSignal({ pid: child.pid, startTime: processStartTime(child.pid) }, 'SIGTERM');
    expect(await end).toEqual([null, 'SIGTERM']);
  });

  it('never sends it to another that has the pid by now', async () => {
    const child = await sleeper();
    const stranger = { pid: child.pid, startTime: '1' };
    expect(() => sendSignal(stranger, 'SIGKILL')).toThrow(esrch);
    expect(() => sendSignal(stranger, 'SIGKILL')).toThrow('belongs to another process now');
    expect(isSameProcess(child.pid, processStartTime(child.pid))).toBe(true);
  });

  it('fails with ESRCH for a process that has ended, also when it was opened before', async () => {
    const child = await sleeper();
    const startTime = processStartTime(child.pid);
    const handle = openProcess(child.pid, startTime);
    const end = once(child, 'exit');
    handle.kill(9);
    await end;
    expect(() => handle.kill('SIGTERM')).toThrow(esrch);
    expect(() => sendSignal({ pid: child.pid, startTime }, 'SIGTERM')).toThrow(esrch);
    handle[Symbol.dispose]();
    handle[Symbol.dispose]();
    expect(() => handle.kill('SIGTERM')).toThrow('closed');
  });

  it('refuses signals that there are not', async () => {
    const child = await sleeper();
    const identity = { pid: child.pid, startTime: processStartTime(child.pid) };
    for (const signal of [-1, 65, 1.5]) {
      expect(() => sendSignal(identity, signal)).toThrow('number from 0 to 64');
    }
    expect(() => sendSignal(identity, 'SIGNONE' as 'SIGTERM')).toThrow('SIGNONE');
  });

  it('leaves no descriptor open', async () => {
    const child = await sleeper();
    const identity = { pid: child.pid, startTime: processStartTime(child.pid) };
    const before = readdirSync('/proc/self/fd').length;
    for (let time = 0; time < 20; time += 1) {
      sendSignal(identity, 0);
      expect(() => openProcess(child.pid, '1')).toThrow(esrch);
    }
    expect(readdirSync('/proc/self/fd')).toHaveLength(before);
  });
});

describe('signalName', () => {
  it('names all of them', () => {
    expect([9, 15, 34, 40, 64].map(signalName)).toEqual([
      'SIGKILL',
      'SIGTERM',
      'SIGRTMIN+0',
      'SIGRTMIN+6',
      'SIGRTMIN+30',
    ]);
  });
});
