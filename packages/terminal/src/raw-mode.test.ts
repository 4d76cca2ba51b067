import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import process from 'node:process';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { isRoot, scriptOnTerminal, temporaryDirectory } from '../test/container.ts';
import { enterRawMode } from './raw-mode.ts';

const program = fileURLToPath(new URL('../test/programs/leave.ts', import.meta.url));
const flags = '--conditions=@ts-c/source --experimental-strip-types --no-warnings';

interface Left {
  readonly status: string;
  /** What stty(1) said before, after, and at a moment in between. */
  at(moment: string): string;
}

/** Runs a program on a terminal that attaches another one to it and leaves it in one way or another. */
async function leave(way: string): Promise<Left> {
  const directory = temporaryDirectory();
  await scriptOnTerminal(
    `cd ${directory}; stty -a > before
     '${process.execPath}' ${flags} '${program}' ${way} ${directory}; echo $? > status
     stty -a > after`,
    { size: { rows: 24, columns: 80 } },
  );
  const read = (name: string): string => readFileSync(`${directory}/${name}`, 'utf8');
  return { status: read('status').trim(), at: read };
}

describe.skipIf(!isRoot)('raw mode (needs root)', () => {
  it.each([
    ['dispose', '0'],
    ['destroy', '0'],
    ['error', '1'],
    ['listen', '0'],
    ['continue', '0'],
  ])('is turned off behind: %s', async (way, status) => {
    const left = await leave(way);
    expect(left.status).toBe(status);
    expect(left.at('after')).toBe(left.at('before'));
    const raw = left.at('raw').split(/\s+/);
    expect(raw).toEqual(expect.arrayContaining(['-icanon', '-isig', '-echo', '-icrnl', '-opost']));
  });

  it('stays where the program listens to the signal itself', async () => {
    const { at } = await leave('listen');
    expect(at('heard')).toBe(at('raw'));
  });

  it('is turned on again after a stop', async () => {
    const { at } = await leave('continue');
    expect(at('continued')).toBe(at('raw'));
  });
});

/** How many listen to each event that raw mode has to do with. */
function counts(): number[] {
  const events = ['exit', 'uncaughtExceptionMonitor', 'SIGCONT', 'SIGINT', 'SIGTERM', 'SIGHUP'];
  return events.map((event) => process.listenerCount(event));
}

describe('enterRawMode', () => {
  it('does nothing to what is no terminal', () => {
    const before = counts();
    const restore = enterRawMode(new PassThrough());
    expect(counts()).toEqual(before);
    restore();
  });

  it('restores once, to what it was, and leaves no listener', () => {
    const modes: boolean[] = [];
    const stdin = Object.assign(new PassThrough(), {
      isTTY: true,
      isRaw: true,
      setRawMode: (raw: boolean) => modes.push(raw),
    });
    const before = counts();
    const restore = enterRawMode(stdin);
    expect(counts()).toEqual(before.map((count) => count + 1));
    restore();
    restore();
    expect(modes).toEqual([true, true]);
    expect(counts()).toEqual(before);
    expect(stdin.listenerCount('error')).toBe(0);
  });
});
