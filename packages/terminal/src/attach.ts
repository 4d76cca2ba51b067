import process from 'node:process';
import type { Duplex, Readable, Writable } from 'node:stream';
import { enterRawMode, type RawStream } from './raw-mode.ts';
import { currentSize, type SizedStream, type TerminalSize } from './size.ts';

/** What a {@link Terminal} is connected with. `process.stdin` and `process.stdout` in most cases; they need not be terminals. */
export interface AttachOptions {
  /** What is typed. If it is a terminal it is put into raw mode; if not, its end types an end-of-file. */
  readonly stdin: Readable & RawStream & SizedStream;
  /** Where output goes. If it is a terminal its size is taken over, and otherwise that of `stdin`. */
  readonly stdout: Writable & SizedStream;
  /** Ends the connection when aborted. */
  readonly signal?: AbortSignal;
}

/**
 * A connection of a {@link Terminal} with the terminal of this process. It ends by itself when the other side hangs up. Disposing of
 * it ends it before; what was printed until then is passed on first. Either way raw mode is turned off, no listener stays behind,
 * and `stdin` is paused, so that the process can end.
 */
export interface Attachment extends AsyncDisposable {
  /** Resolves when the connection has ended, all output is written, and the terminal is as it was. Rejects with what went wrong. */
  readonly ended: Promise<void>;
}

/** The part of a Terminal that can be connected. */
interface Connectable extends Duplex {
  resize(size: TerminalSize): void;
  takeIn(): void;
}

type Listeners = readonly [NodeJS.EventEmitter, event: string, (error?: unknown) => void][];

/** Connects a terminal with this process's own streams. */
export class Connection implements Attachment {
  readonly ended: Promise<void>;
  readonly #terminal: Connectable;
  readonly #options: AttachOptions;
  readonly #listeners: Listeners;
  readonly #restore: () => void;
  #settle: ((outcome: Promise<void>) => void) | undefined;

  constructor(terminal: Connectable, options: AttachOptions) {
    const { stdin, stdout, signal } = options;
    this.#terminal = terminal;
    this.#options = options;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    // Who disposes of it is told, too.
    this.ended.catch(() => {});

    const resize = (): void => this.#resize();
    const end = (): void => this.#end();
    const fail = (error: unknown): void => this.#end({ error });
    this.#listeners = [
      [terminal, 'end', end],
      [terminal, 'close', end],
      [terminal, 'error', fail],
      [stdout, 'resize', resize],
      [stdout, 'close', end],
      [stdout, 'error', fail],
      [stdin, 'error', (error) => this.#onInputError(error)],
      [process, 'SIGWINCH', resize],
      [process, 'SIGCONT', resize],
    ];
    resize();
    this.#restore = enterRawMode(stdin);
    for (const [emitter, event, listener] of this.#listeners) emitter.on(event, listener);
    stdin.pipe(terminal);
    terminal.pipe(stdout, { end: false });
    signal?.addEventListener('abort', this.#abort);
    if (signal?.aborted) this.#end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    await this.ended;
  }

  readonly #abort = (): void => this.#end();

  #resize(): void {
    const { stdin, stdout } = this.#options;
    const size = currentSize(stdout) ?? currentSize(stdin);
    if (size && !this.#terminal.destroyed) this.#terminal.resize(size);
  }

  #onInputError(error: unknown): void {
    // The terminal that was typed on has hung up: the end of what is typed, as with any other input.
    if ((error as NodeJS.ErrnoException).code === 'EIO') this.#terminal.end();
    else this.#end({ error });
  }

  #end(failure?: { readonly error: unknown }): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(this.#detach(failure));
  }

  async #detach(failure: { readonly error: unknown } | undefined): Promise<void> {
    const { stdin, stdout, signal } = this.#options;
    stdin.unpipe(this.#terminal);
    stdin.pause();
    this.#terminal.unpipe(stdout);
    try {
      if (failure) throw failure.error;
      await passOn(this.#terminal, stdout);
    } finally {
      this.#restore();
      signal?.removeEventListener('abort', this.#abort);
      for (const [emitter, event, listener] of this.#listeners) emitter.off(event, listener);
    }
  }
}

/** Writes what a terminal still has, and waits until it is written, or can't be. */
async function passOn(terminal: Connectable, stdout: Writable): Promise<void> {
  terminal.takeIn();
  for (let chunk: unknown = terminal.read(); chunk !== null; chunk = terminal.read())
    stdout.write(chunk);
  if (stdout.writableLength === 0 || !stdout.writable) return;
  await new Promise<void>((resolve, reject) => {
    stdout.once('close', resolve);
    stdout.write('', (error) => {
      stdout.off('close', resolve);
      if (error) reject(error);
      else resolve();
    });
  });
}
