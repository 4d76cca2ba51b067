import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isRoot, onTerminal, readAll, readUntil, temporaryDirectory } from './container.ts';

const program = fileURLToPath(new URL('programs/attached.ts', import.meta.url));
const node = [
  process.execPath,
  '--conditions=@ts-c/source',
  '--experimental-strip-types',
  '--no-warnings',
];

/** A shell script that runs the program on its terminal, and looks at the settings before and afterwards. */
function wrapper(directory: string, ending: string, script: string): string {
  const words = [...node, program, ending, directory, script];
  const command = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
  const file = join(directory, 'wrapper.sh');
  writeFileSync(
    file,
    `cd ${directory}\nstty -a > before\n${command} 2> errors\necho "status $?"\nstty -a > after\n`,
  );
  return file;
}

async function run(ending: string, script: string) {
  const directory = temporaryDirectory();
  const outer = await onTerminal(['/bin/sh', wrapper(directory, ending, script)], {
    size: { rows: 40, columns: 100 },
  });
  const settings = (name: string): string => readFileSync(join(directory, name), 'utf8');
  return { ...outer, settings };
}

describe.skipIf(!isRoot)(
  'a terminal that is connected with the one of its process (needs root)',
  () => {
    it('is in raw mode, of the same size, and passes everything on', async () => {
      const { terminal, settings } = await run('', 'stty size; tty; seq 1 3000; exit 5');
      const lines = (await readAll(terminal)).trimEnd().split('\n');
      expect(lines.slice(0, 3)).toEqual(['40 100', '/dev/pts/1', '1']);
      expect(lines.slice(-2)).toEqual(['3000', 'status 5']);
      for (const flag of ['-icanon', '-echo', '-isig', '-ixon', '-icrnl', '-opost'])
        expect(settings('during')).toMatch(new RegExp(`(^|\\s)${flag}\\b`));
      expect(settings('after')).toBe(settings('before'));
    });

    it('passes on what is typed, ctrl-C included', async () => {
      const script = `trap 'echo interrupted; exit 3' INT; read word; echo "got $word"
      while :; do sleep 0.05; done`;
      const { terminal } = await run('', script);
      terminal.write('word\n');
      await readUntil(terminal, 'got word\n');
      terminal.write('\u0003');
      expect(await readAll(terminal)).toBe('^Cinterrupted\nstatus 3\n');
    });

    it('is kept in step with its size', async () => {
      const script = "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done";
      const { terminal } = await run('', script);
      await readUntil(terminal, 'ready\n');
      terminal.resize({ rows: 41, columns: 101 });
      expect(await readAll(terminal)).toBe('41 101\nstatus 0\n');
    });

    it.each([
      ['throw', 1, /Error: thrown/],
      ['reject', 1, /Error: rejected/],
      ['exit', 7, /^$/],
      ['SIGINT', 130, /^$/],
      // The shell tells about these two.
      ['SIGTERM', 143, /^Terminated$/m],
      ['SIGHUP', 129, /^Hangup$/m],
    ])('gives it back as it was after %s', async (ending, status, errors) => {
      const { terminal, settings } = await run(ending, 'echo ready; exec sleep 60');
      expect(await readAll(terminal)).toMatch(new RegExp(`status ${status}\n$`));
      expect(settings('during')).toContain('-icanon');
      expect(settings('after')).toBe(settings('before'));
      expect(settings('errors')).toMatch(errors);
    });
  },
);
