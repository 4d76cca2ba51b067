import { closeSync, readSync, writeSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { Duplex } from 'node:stream';
import { isErrno, live, Memory, OPEN } from '@ts-c/syscall';
import { Connection, type AttachOptions, type Attachment } from './attach.ts';
import { F_SETFL, ioctl, setStatusFlags, TIOC } from './calls.ts';
import { owner } from './owner.ts';
import { Readiness } from './readiness.ts';
import { isLineMode } from './settings.ts';
import { getSize, setSize, type TerminalSize } from './size.ts';

type Done = (error?: Error | null) => void;

// A read of a terminal gives 4 KiB at most: N_TTY_BUF_SIZE of the kernel.
const readSize = 4096;
/** After this many reads others on the event loop have their turn. */
const readsInARow = 16;
/** More than what a terminal holds on its way: 64 KiB of the pty, 4 KiB of the line discipline. */
const capacity = 128 * 1024;

/** How often to look whether an end-of-file has to be typed again, in milliseconds. */
const endInterval = 50;

/** What ctrl-D types: VEOF of termios(3). */
const endOfFile = 4;
const newline = 10;

/**
 * The master side of a pseudo-terminal as a stream: what programs print can be read, what is written they read as typed.
 *
 * It ends when the last process lets go of the terminal, after all that was printed has been read. Ending it (`end()`) types an
 * end-of-file. It is closed when it has ended, or by `destroy()`; processes that are still on the terminal then get SIGHUP. No
 * thread of the pool waits for it.
 */
export class Terminal extends Duplex {
  readonly #master: number;
  readonly #readiness: Readiness;
  readonly #scratch = Buffer.allocUnsafe(readSize);
  #hungUp = false;
  #isReadWanted = false;
  #atLineStart = true;
  #keepEnded: NodeJS.Timeout | undefined;
  #unsent: { readonly bytes: Buffer; readonly done: Done } | undefined;

  /**
   * @param master A file descriptor of the master, which belongs to the Terminal from now on, unless this throws.
   * @throws {TypeError} `ERR_INVALID_ARG_VALUE` where it is something else.
   */
  constructor(master: number) {
    super({ allowHalfOpen: false });
    checkMaster(master);
    live.section(owner, 'the master', () =>
      live.call(setStatusFlags, master, F_SETFL, OPEN.NONBLOCK),
    );
    this.#master = master;
    this.#readiness = new Readiness(master, {
      readable: () => this.#read(),
      writable: () => this.#writeUnsent(),
      failed: (error) => this.destroy(error),
    });
  }

  /** The size of the terminal: TIOCGWINSZ. */
  get size(): TerminalSize {
    return getSize(this.#descriptor());
  }

  /**
   * Changes the size: TIOCSWINSZ. The processes in the terminal's foreground get SIGWINCH.
   *
   * @throws {RangeError} `ERR_OUT_OF_RANGE` where rows or columns are not whole numbers from 0 to 65535.
   */
  resize(size: TerminalSize): void {
    live.section(owner, 'the size', () => setSize(live, this.#descriptor(), size));
  }

  /**
   * Connects it with the terminal of this process, or with whatever its standard streams are: see {@link Attachment}.
   *
   * @example
   * await using attachment = terminal.attach({ stdin: process.stdin, stdout: process.stdout });
   * await attachment.ended;
   */
  attach(options: AttachOptions): Attachment {
    return new Connection(this, options);
  }

  /** Reads at once what has been printed up to now, so that `read()` gives it; no more than a terminal can hold on its way. */
  takeIn(): void {
    for (let left = capacity; left > 0 && !this.#hungUp && !this.destroyed;) {
      const chunk = this.#readChunk();
      if (!chunk) return;
      left -= chunk.length;
      this.push(chunk);
    }
  }

  /** Closes it. */
  override async [Symbol.asyncDispose](): Promise<void> {
    const done = finished(this).catch(() => {});
    this.destroy();
    await done;
  }

  override _read(): void {
    this.#isReadWanted = true;
    if (!this.#hungUp) this.#readiness.want({ readable: true });
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: Done): void {
    if (bytes.length > 0) this.#atLineStart = bytes.at(-1) === newline;
    this.#send(bytes, done);
  }

  override _final(done: Done): void {
    if (this.#hungUp) return done();
    // A program that leaves line mode, as a shell does at its prompt, loses the end-of-file that it has not read yet.
    let wasLineMode = isLineMode(this.#master);
    this.#keepEnded = setInterval(() => {
      if (this.#hungUp || this.#unsent) return;
      const isNow = isLineMode(this.#master);
      if (wasLineMode && !isNow) this.#send(Buffer.of(endOfFile), ignore);
      wasLineMode = isNow;
    }, endInterval).unref();
    // In the middle of a line the first one only ends the line.
    this.#send(Buffer.alloc(this.#atLineStart ? 1 : 2, endOfFile), done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#readiness.close();
    clearInterval(this.#keepEnded);
    closeSync(this.#master);
    const unsent = this.#unsent;
    this.#unsent = undefined;
    unsent?.done(error ?? closedError());
    done(error);
  }

  #read(): void {
    for (let reads = 0; reads < readsInARow; reads += 1) {
      const chunk = this.#readChunk();
      if (!chunk) return;
      // Whoever takes the chunk may ask for the next one on the spot.
      this.#isReadWanted = false;
      if (!this.push(chunk) && !this.#isReadWanted) {
        this.#readiness.want({ readable: false });
        return;
      }
    }
  }

  /** What there is to read, if anything. At the end it says so to the reader of the stream. */
  #readChunk(): Buffer | undefined {
    let length = 0;
    try {
      length = readSync(this.#master, this.#scratch);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN' || code === 'EINTR') return undefined;
      // No process has the other side any more, and nothing of what they have printed is left.
      if (code !== 'EIO') throw error;
    }
    if (length > 0) return Buffer.from(this.#scratch.subarray(0, length));
    this.#hungUp = true;
    this.#readiness.want({ readable: false });
    this.push(null);
    return undefined;
  }

  #send(bytes: Buffer, done: Done): void {
    let written = 0;
    try {
      if (!this.#hungUp) written = writeSync(this.#master, bytes);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN' && code !== 'EINTR' && code !== 'EIO') return done(error as Error);
      // What is typed when nobody is there to read it is lost, as at any terminal.
      if (code === 'EIO') written = bytes.length;
    }
    if (this.#hungUp || written === bytes.length) return done();
    this.#unsent = { bytes: bytes.subarray(written), done };
    this.#readiness.want({ writable: true });
  }

  #writeUnsent(): void {
    const unsent = this.#unsent;
    this.#unsent = undefined;
    this.#readiness.want({ writable: false });
    if (unsent) this.#send(unsent.bytes, unsent.done);
  }

  #descriptor(): number {
    if (this.destroyed) throw closedError();
    return this.#master;
  }
}

function checkMaster(fd: number): void {
  try {
    // Only masters have a number to tell: ENOTTY is what everything else says, slaves included.
    if (Number.isInteger(fd) && fd >= 0)
      return void live.call(ioctl, fd, TIOC.TIOCGPTN, new Memory(4));
  } catch (error) {
    if (!isErrno(error, 'ENOTTY', 'EBADF', 'EINVAL')) throw error;
  }
  throw Object.assign(
    new TypeError(
      `master: expected a file descriptor of the master of a pseudo-terminal, as openTerminal gives, got ${String(fd)}`,
    ),
    { code: 'ERR_INVALID_ARG_VALUE', field: 'master' },
  );
}

const ignore = (): void => {};

function closedError(): Error {
  return Object.assign(new Error('this terminal is closed'), { code: 'ERR_STREAM_DESTROYED' });
}
