import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Attachment } from '../src/index.ts';
import { isRoot, onTerminal } from './container.ts';

/** What output goes to: no terminal. */
class Output extends Writable {
  text = '';
  readonly #delay: number;

  constructor(delay = 0) {
    super({ highWaterMark: 1024 });
    this.#delay = delay;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString().replaceAll('\r', '');
    if (this.#delay > 0) setTimeout(done, this.#delay);
    else done();
  }
}

async function attached(script: string, stdout = new Output(), signal?: AbortSignal) {
  const { terminal, exited } = await onTerminal(['/bin/sh', '-c', script]);
  const stdin = new PassThrough();
  const attachment = terminal.attach({ stdin, stdout, ...(signal ? { signal } : {}) });
  return { terminal, exited, stdin, stdout, attachment };
}

/** All the listeners that an attachment could leave behind. */
function listeners(...emitters: readonly NodeJS.EventEmitter[]): readonly number[] {
  const events = [
    'exit',
    'uncaughtExceptionMonitor',
    'SIGWINCH',
    'SIGCONT',
    'SIGINT',
    'SIGTERM',
    'SIGHUP',
  ];
  return [process, ...emitters].flatMap((emitter) =>
    [...events, 'error', 'close', 'data', 'drain', 'resize'].map((event) =>
      emitter.listenerCount(event as 'exit'),
    ),
  );
}

const ended = async (attachment: Attachment): Promise<unknown> =>
  attachment.ended.then(
    () => 'well',
    (error: unknown) => error,
  );

describe.skipIf(!isRoot)(
  'a terminal that is connected with streams that are none (needs root)',
  () => {
    it('passes everything on, and ends when the other side hangs up', async () => {
      const { stdin, stdout, attachment, exited } = await attached(
        'read x; echo "got $x"; seq 1 2000',
      );
      stdin.write('word\n');
      await attachment.ended;
      const lines = stdout.text.trimEnd().split('\n');
      expect([lines.slice(0, 3), lines.at(-1)]).toEqual([['word', 'got word', '1'], '2000']);
      expect(await exited).toBe(0);
      expect(stdout.writableEnded).toBe(false);
    });

    it('types an end-of-file where the input ends', async () => {
      const { stdin, stdout, attachment } = await attached('stty -echo; cat; echo done');
      stdin.end('a line\nhalf a line');
      await attachment.ended;
      expect(stdout.text).toContain('a line\nhalf a linedone\n');
    });

    it('types it again for a program that had not looked before it changed the terminal', async () => {
      const { stdin, stdout, attachment } = await attached(
        'sleep 0.2; stty raw; dd bs=1 count=2 2> /dev/null | od -An -tx1',
      );
      stdin.end();
      await attachment.ended;
      // What was an end-of-file in line mode is a NUL now, and useless.
      expect(stdout.text).toMatch(/ 00 04\n$/);
    });

    it('waits for who is slow to take the output', async () => {
      const { stdout, attachment } = await attached('seq 1 5000', new Output(2));
      await attachment.ended;
      expect(stdout.text.endsWith('4999\n5000\n')).toBe(true);
    });

    it('passes on what was printed before it is disposed of, and can be connected again', async () => {
      const directory = mkdtempSync(join(tmpdir(), 'ts-c-attach-'));
      onTestFinished(() => rmSync(directory, { recursive: true }));
      const printed = join(directory, 'printed');
      const { terminal, attachment, stdout, stdin, exited } = await attached(
        `seq 1 2000; : >'${printed}'; read x; echo "got $x"`,
      );
      // All of it waits in the terminal, as nothing reads it while this thread is busy.
      const until = Date.now() + 10_000;
      while (!existsSync(printed) && Date.now() < until);
      await attachment[Symbol.asyncDispose]();
      expect(stdout.text.endsWith('\n2000\n')).toBe(true);
      expect(stdin.isPaused()).toBe(true);

      const again = new Output();
      await using second = terminal.attach({ stdin, stdout: again });
      stdin.write('word\n');
      await second.ended;
      expect(again.text).toBe('word\ngot word\n');
      expect(await exited).toBe(0);
    });

    it('leaves no listener behind', async () => {
      const stdin = new PassThrough();
      const stdout = new Output();
      const { terminal } = await onTerminal(['/bin/sh', '-c', 'sleep 60']);
      const before = listeners(stdin, stdout, terminal);
      await terminal.attach({ stdin, stdout })[Symbol.asyncDispose]();
      expect(listeners(stdin, stdout, terminal)).toEqual(before);
    });

    it('ends when its signal is aborted, also one that was before', async () => {
      const controller = new AbortController();
      const { attachment, terminal } = await attached('sleep 60', new Output(), controller.signal);
      controller.abort();
      expect(await ended(attachment)).toBe('well');
      const { signal } = controller;
      const late = terminal.attach({ stdin: new PassThrough(), stdout: new Output(), signal });
      expect(await ended(late)).toBe('well');
    });

    it('tells what went wrong with a stream, to everybody who asks', async () => {
      const broken = Object.assign(new Error('broken'), { code: 'EPIPE' });
      const { attachment, stdout } = await attached('sleep 60');
      stdout.destroy(broken);
      expect(await ended(attachment)).toBe(broken);
      await expect(attachment[Symbol.asyncDispose]()).rejects.toBe(broken);

      const other = await attached('sleep 60');
      other.stdin.destroy(broken);
      expect(await ended(other.attachment)).toBe(broken);
    });

    it('ends without an error when the terminal is closed', async () => {
      const { attachment, terminal } = await attached('sleep 60');
      terminal.destroy();
      expect(await ended(attachment)).toBe('well');
    });
  },
);
