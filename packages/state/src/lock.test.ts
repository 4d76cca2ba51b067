import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kill, start } from '../test/run.ts';
import { temporaryDirectory } from '../test/temporary.ts';
import { lockDirectory, waitForLock } from './lock.ts';

const openFiles = (): number => readdirSync('/proc/self/fd').length;

describe('lockDirectory', () => {
  it('locks once at a time, makes no file, and leaves no descriptor', () => {
    const directory = temporaryDirectory();
    const before = openFiles();
    const lock = lockDirectory(directory);
    const refusal = expect.objectContaining({ code: 'ERR_LOCKED', path: directory });
    expect(() => lockDirectory(directory)).toThrow(refusal);
    expect(() => lockDirectory(directory)).toThrow(`has locked the directory ${directory}`);
    expect(readdirSync(directory)).toEqual([]);
    lock.release();
    lock[Symbol.dispose]();
    lockDirectory(directory).release();
    expect(openFiles()).toBe(before);
  });

  it('refuses what another process has locked, until that is killed', async () => {
    const directory = temporaryDirectory();
    const holder = await start('hold-lock', directory);
    expect(() => lockDirectory(directory)).toThrow(expect.objectContaining({ code: 'ERR_LOCKED' }));
    await kill(holder);
    await (await waitForLock(directory, { timeout: 5000 }))[Symbol.asyncDispose]();
  });

  it('says so where there is no directory', () => {
    const path = join(temporaryDirectory(), 'none');
    expect(() => lockDirectory(path)).toThrow(expect.objectContaining({ code: 'ENOENT', path }));
    writeFileSync(path, '');
    expect(() => lockDirectory(path)).toThrow(expect.objectContaining({ code: 'ENOTDIR', path }));
  });
});

describe('waitForLock', () => {
  it('waits for another process, with the event loop at work', async () => {
    const directory = temporaryDirectory();
    const holder = await start('hold-lock', directory, '300');
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 5);
    const lock = await waitForLock(directory);
    clearInterval(timer);
    lock.release();
    expect(ticks).toBeGreaterThan(3);
    await kill(holder);
  });

  it('loses none of what two processes add under the lock', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'count'), '0');
    const programs = [1, 2].map(() => start('count-locked', directory, '100'));
    for (const program of programs) {
      const child = await program;
      if (child.exitCode === null) await once(child, 'exit');
    }
    expect(readFileSync(join(directory, 'count'), 'utf8')).toBe('200');
  });

  it('gives up when the time is over', async () => {
    const directory = temporaryDirectory();
    const lock = lockDirectory(directory);
    const started = performance.now();
    await expect(waitForLock(directory, { timeout: 30 })).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_LOCKED' }),
    );
    expect(performance.now() - started).toBeGreaterThan(25);
    lock.release();
  });

  it('gives up with the reason of the signal, before and while it waits', async () => {
    const directory = temporaryDirectory();
    const reason = new Error('enough');
    const aborted = AbortSignal.abort(reason);
    await expect(waitForLock(directory, { signal: aborted })).rejects.toBe(reason);
    const lock = lockDirectory(directory);
    const controller = new AbortController();
    const waiting = waitForLock(directory, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 10);
    await expect(waiting).rejects.toBe(reason);
    lock.release();
  });

  it('locks the directory of that name, not one that has been removed', async () => {
    const directory = join(temporaryDirectory(), 'one');
    mkdirSync(directory);
    const old = lockDirectory(directory);
    rmdirSync(directory);
    mkdirSync(directory);
    const lock = lockDirectory(directory);
    expect(() => lockDirectory(directory)).toThrow(expect.objectContaining({ code: 'ERR_LOCKED' }));
    old.release();
    lock.release();
  });
});
