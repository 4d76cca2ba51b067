import { ReadStream, WriteStream } from 'node:tty';
import process from 'node:process';
import { Memory, live, OPEN } from '@ts-c/syscall';
import { ioctl, TIOC, winsize } from './calls.ts';
import type { TerminalSize } from './container.ts';
void OPEN;

/** The size of the terminal that a stream is, if it is one. */
export function currentSize(stream: {
  readonly rows?: number;
  readonly columns?: number;
}): TerminalSize | undefined {
  const { rows, columns } = stream;
  return rows === undefined || columns === undefined ? undefined : { rows, columns };
}

/** Our own terminal, to connect a container's with. */
export interface Attachment {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
}

/** The master side of a container's terminal. */
export class Terminal implements AsyncDisposable {
  /** What the container writes. Ends as the last of its processes lets go of the terminal. */
  readonly output: ReadStream;
  /** What the container reads. */
  readonly input: WriteStream;
  readonly #master: number;
  readonly #ended: Promise<void>;

  /** @param master A file descriptor of the master, which is the Terminal's from now on. */
  constructor(master: number) {
    this.#master = master;
    this.output = new ReadStream(master);
    this.input = new WriteStream(master);
    this.#ended = new Promise((resolve) => {
      this.output.once('close', () => resolve());
      this.output.once('end', () => resolve());
      // The other side being gone is an end, not a failure.
      this.output.on('error', () => resolve());
      this.input.on('error', () => {});
    });
  }

  /** Tells the container how large its terminal is: TIOCSWINSZ, and its foreground processes get SIGWINCH. */
  resize({ rows, columns }: TerminalSize): void {
    live.section('@ts-c/terminal', 'the size', () =>
      live.call(
        ioctl,
        this.#master,
        TIOC.TIOCSWINSZ,
        winsize.make({ ws_row: rows, ws_col: columns }),
      ),
    );
  }

  get size(): TerminalSize {
    const memory = new Memory(winsize.size);
    live.call(ioctl, this.#master, TIOC.TIOCGWINSZ, memory);
    return { rows: Number(memory.get('u16', 0)), columns: Number(memory.get('u16', 2)) };
  }

  /** Connects it with our own terminal: what is typed goes in, what comes goes out, in raw mode, with the size kept in step. */
  async attach({ stdin, stdout }: Attachment): Promise<AsyncDisposable> {
    const resize = (): void => {
      const size = currentSize(stdout);
      if (size) this.resize(size);
    };
    const restore = rawMode(stdin);
    resize();
    stdout.on('resize', resize);
    const forward = (chunk: Buffer): void => void this.input.write(chunk);
    stdin.on('data', forward);
    this.output.pipe(stdout, { end: false });
    return {
      [Symbol.asyncDispose]: async () => {
        await this.#ended;
        stdin.off('data', forward);
        stdin.pause();
        stdin.unref?.();
        stdout.off('resize', resize);
        restore();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.output.destroy();
    this.input.destroy();
  }
}

/** Turns raw mode on, if it is a terminal, and gives what turns it off again: at the latest when the process ends. */
function rawMode(stdin: NodeJS.ReadStream): () => void {
  if (!stdin.isTTY) return () => {};
  const was = stdin.isRaw;
  const restore = (): void => {
    stdin.setRawMode(was);
    process.off('exit', restore);
  };
  stdin.setRawMode(true);
  process.on('exit', restore);
  return restore;
}
