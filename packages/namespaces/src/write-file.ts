import { close, Memory, openat, OPEN, write, type Program, type Value } from '@ts-c/syscall';

/** Steps that write a text into an existing file. */
export function writeFile(program: Program, directory: Value, path: string, text: string): void {
  const file = program.call(openat, directory, path, OPEN.WRONLY | OPEN.CLOEXEC, 0);
  program.call(write, file, Memory.text('text', text), Buffer.byteLength(text));
  program.call(close, file);
}
