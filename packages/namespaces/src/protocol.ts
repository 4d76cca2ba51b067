import { Memory, read, reportSize, sendReport, type Program, type Value } from '@ts-c/syscall';

/** What a supervisor tells the process that started it. */
export interface ReportKind {
  readonly kind: number;
  /** Steps that send it, with a number where it has one. */
  send(program: Program, value?: Value): void;
}

function report(kind: number, name: string): ReportKind {
  return {
    kind,
    send(program, value) {
      const memory = new Memory(reportSize).set('u64', 0, kind);
      memory.describe = () => `{${name}}`;
      if (value !== undefined) program.store(memory, 8, 8, value);
      sendReport(program, memory);
    },
  };
}

/** The reports of a supervisor. Kind 1 is the engine's own: a failed step. */
export const reports = {
  /** The child has been cloned; the number is its pid. */
  created: report(2, 'created'),
  /** The child has done all its steps up to the gate in front of execve(2). */
  ready: report(3, 'ready'),
  /** The child has become its command. */
  started: report(4, 'started'),
  /** There is a new user namespace, whose id maps somebody outside has to write. */
  unshared: report(5, 'unshared'),
} as const;

/** Size of a message to a supervisor. */
export const messageSize = 8;

/** What the supervisor can be told. */
export const messages = {
  /** Let the child go on: past the hold at its beginning, or the gate in front of execve(2). */
  proceed: 1,
  /** Live on without the process that started it. */
  release: 2,
} as const;

/** A message as it is sent. */
export function encodeMessage(kind: number): Buffer {
  const bytes = Buffer.alloc(messageSize);
  bytes.writeBigUInt64LE(BigInt(kind));
  return bytes;
}

/** Steps that wait for a message; without one, as its sender is gone or has given up, they go on with `quit`. */
export function awaitMessage(program: Program, quit: () => void): void {
  const count = program.call(read, program.reportFd, new Memory(messageSize), messageSize);
  program.unless(count, { equals: messageSize }, quit);
}
