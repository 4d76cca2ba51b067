import { closeSync, openSync, writeSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { PassThrough } from 'node:stream';
import { live } from '@ts-c/syscall';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isRoot, openDescriptors } from '../test/container.ts';
import { openTerminal } from './open.ts';
import { Terminal } from './terminal.ts';

const invalid = expect.objectContaining({
  code: 'ERR_INVALID_ARG_VALUE',
  message: expect.stringContaining('master: expected a file descriptor of the master') as unknown,
}) as Error;

/** A terminal of this machine's devpts. */
function open(): { terminal: Terminal; slave: number } {
  const devpts = openSync('/dev/pts', 'r');
  try {
    const { master, slave } = openTerminal(live, devpts);
    const terminal = new Terminal(Number(master));
    onTestFinished(() => void terminal.destroy());
    return { terminal, slave: Number(slave) };
  } finally {
    closeSync(devpts);
  }
}

describe('Terminal', () => {
  it.each([-1, 1.5, Number.NaN, '5' as unknown as number])('is not made of %s', (fd) => {
    expect(() => new Terminal(fd)).toThrow(invalid);
  });

  it('leaves a file that is no terminal to whoever has opened it', () => {
    const file = openSync('/dev/null', 'r');
    expect(() => new Terminal(file)).toThrow(invalid);
    closeSync(file);
  });
});

describe.skipIf(!isRoot)('Terminal (needs root)', () => {
  it('is not made of the slave', () => {
    const { slave } = open();
    expect(() => new Terminal(slave)).toThrow(invalid);
    closeSync(slave);
  });

  it('leaves no descriptor open, whatever its end', async () => {
    const ends: ((terminal: Terminal, slave: number) => unknown)[] = [
      (terminal, slave) => {
        closeSync(slave);
        return finished(terminal.resume(), { writable: false });
      },
      (terminal, slave) => {
        terminal.destroy();
        closeSync(slave);
      },
      async (terminal, slave) => {
        await terminal[Symbol.asyncDispose]();
        await terminal[Symbol.asyncDispose]();
        closeSync(slave);
      },
      async (terminal, slave) => {
        const attachment = terminal.attach({ stdin: new PassThrough(), stdout: new PassThrough() });
        writeSync(slave, 'x'.repeat(1000));
        closeSync(slave);
        await attachment.ended;
      },
      async (terminal, slave) => {
        const failed = finished(terminal).catch((error: unknown) => error);
        terminal.destroy(new Error('told to'));
        expect(await failed).toEqual(new Error('told to'));
        closeSync(slave);
      },
    ];
    // What koffi and the event loop open once, they keep.
    const first = open();
    first.terminal.destroy();
    closeSync(first.slave);
    await setTimeout(10);
    const before = openDescriptors();
    for (let round = 0; round < 20; round += 1) {
      for (const end of ends) {
        const { terminal, slave } = open();
        terminal.resume();
        await end(terminal, slave);
      }
    }
    await setTimeout(10);
    expect(openDescriptors()).toEqual(before);
  });

  it('closes its descriptor once, and nobody else’s that has its number afterwards', async () => {
    const { terminal, slave } = open();
    terminal.resume();
    await setTimeout(5);
    terminal.destroy();
    closeSync(slave);
    const others = Array.from({ length: 10 }, () => openSync('/dev/null', 'r'));
    terminal.destroy();
    await terminal[Symbol.asyncDispose]();
    await setTimeout(10);
    for (const other of others) expect(() => closeSync(other)).not.toThrow();
  });

  it('drops what is typed when nobody is there any more', async () => {
    const { terminal, slave } = open();
    closeSync(slave);
    // It has hung up, and does not know it yet.
    await new Promise<void>((resolve, reject) => {
      terminal.write('typed', (error) => (error ? reject(error) : resolve()));
    });
    terminal.resume();
    await finished(terminal, { writable: false });
    expect(terminal.errored).toBeNull();
  });

  it('ends behind the last of what was printed', async () => {
    const { terminal, slave } = open();
    terminal.setEncoding('utf8');
    writeSync(slave, 'one\n');
    expect(String(await new Promise((resolve) => void terminal.once('data', resolve)))).toBe(
      'one\r\n',
    );
    writeSync(slave, 'two\n');
    closeSync(slave);
    let rest = '';
    for await (const chunk of terminal) rest += String(chunk);
    expect(rest).toBe('two\r\n');
  });

  it('says so where it is closed', () => {
    const { terminal, slave } = open();
    closeSync(slave);
    terminal.destroy();
    const closed = expect.objectContaining({ code: 'ERR_STREAM_DESTROYED' }) as Error;
    expect(() => terminal.size).toThrow(closed);
    expect(() => terminal.resize({ rows: 1, columns: 1 })).toThrow(closed);
    expect(terminal.read()).toBeNull();
  });

  it('tells a write that was not done when it is closed', async () => {
    const { terminal, slave } = open();
    // Nobody reads the slave: 4 KiB in line mode, and then it is full.
    const write = new Promise((resolve) => {
      terminal.write(Buffer.alloc(1_048_576, 'line\n'), resolve);
    });
    terminal.on('error', () => {});
    await setTimeout(20);
    terminal.destroy();
    expect(await write).toMatchObject({ code: 'ERR_STREAM_DESTROYED' });
    closeSync(slave);
  });

  it('refuses a size that can’t be', () => {
    const { terminal, slave } = open();
    expect(() => terminal.resize({ rows: 65_536, columns: 1 })).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
    terminal.resize({ rows: 65_535, columns: 0 });
    expect(terminal.size).toEqual({ rows: 65_535, columns: 0 });
    closeSync(slave);
  });
});
