/** Attaches a terminal to this one, and leaves it in the way that is asked for. Writes down how the terminal was in between. */
import { execFileSync } from 'node:child_process';
import { openSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { live } from '@ts-c/syscall';
import { openTerminal, Terminal } from '../../src/index.ts';

const [way = '', directory = '.'] = process.argv.slice(2);

/** The settings of this terminal, as stty(1) writes them. */
const settings = (): string =>
  execFileSync('stty', ['-a', '-F', '/dev/tty'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  }).toString();
const note = (name: string): void => writeFileSync(`${directory}/${name}`, settings());

const devpts = openSync('/dev/pts', 'r');
// The slave stays open: nothing hangs up by itself.
const { master } = openTerminal(live, devpts);
const terminal = new Terminal(Number(master));
const attachment = terminal.attach(process);
note('raw');

const ways: Readonly<Record<string, () => unknown>> = {
  dispose: () => attachment[Symbol.asyncDispose](),
  destroy: () => terminal.destroy(),
  error: () => {
    terminal.destroy(new Error('told to fail'));
    return attachment.ended;
  },
  listen: async () => {
    const heard = new Promise((resolve) => {
      process.once('SIGTERM', resolve);
    });
    process.kill(process.pid, 'SIGTERM');
    await heard;
    note('heard');
    await attachment[Symbol.asyncDispose]();
  },
  continue: async () => {
    execFileSync('stty', ['sane', '-F', '/dev/tty']);
    process.kill(process.pid, 'SIGCONT');
    await setTimeout(50);
    note('continued');
    await attachment[Symbol.asyncDispose]();
  },
};

await ways[way]?.();
terminal.destroy();
