import type { Arch } from '../arch.ts';
import { hostArch } from '../arch.ts';
import { checkInteger, invalid, range } from '../check.ts';
import { errnoNumber, type ErrnoCode } from '../errno.ts';
import type { Answer, Kernel, Problem, Test } from '../kernel.ts';
import { everyMemory, Memory } from '../memory.ts';
import type { Arguments, Parameter } from '../parameter.ts';
import { pathsOf } from '../paths.ts';
import { checkArguments, type Syscall } from '../syscall.ts';
import { formatValue, Slot, type Value } from '../value.ts';
import { compile, type Image } from './compile.ts';
import { answerSizeSlot, answerSlot, errorSlot, failedSlot } from './data.ts';
import { formatExpectation, formatTest, Journal, type ListingLine } from './journal.ts';
import { Label, type ProgramNode, type Recording, type Section, type Word } from './node.ts';
import { reportFailure, type Failure } from './report.ts';

/**
 * The Kernel that writes system calls down. A Program can be read (`listing`), compiled to a small static executable for either
 * architecture, and run with {@link spawn}. Compiling or listing it closes it: nothing can be added afterwards.
 *
 * @example
 * const program = new Program();
 * program.call(sethostname, Memory.text('name', 'box'), 3);
 * program.call(execve, '/bin/hostname', Memory.strings('argv', ['hostname']), Memory.strings('envp', []));
 * console.log(program.toString());
 */
export class Program implements Kernel {
  readonly #nodes: ProgramNode[] = [];
  readonly #cold: ProgramNode[][] = [];
  readonly #journal = new Journal();
  readonly #names = new Map<string, number>();
  readonly #images = new Map<Arch, Image>();
  #into: ProgramNode[] = this.#nodes;
  readonly #failed: Label = new Label('failed');
  // Where the call that is recorded next goes on when it is refused, and whether that is an attempt's doing.
  #refused: Label = this.#failed;
  #attempted = false;
  /** The file descriptor on which it speaks with the process that starts it: 3, unless the command needs that. */
  readonly reportFd: number;
  #section: Section | undefined;
  #steps = 0;
  #recording: Recording | undefined;

  constructor({ reportFd = 3 }: { readonly reportFd?: number } = {}) {
    checkInteger('reportFd', reportFd, 3, 1023);
    this.reportFd = reportFd;
  }

  call<const P extends readonly Parameter[]>(syscall: Syscall<P>, ...args: Arguments<P>): Value {
    return this.#call(syscall, args, this.#refused);
  }

  /** Makes a call whose refusal does not matter: it is ignored. */
  try<const P extends readonly Parameter[]>(syscall: Syscall<P>, ...args: Arguments<P>): Value {
    return this.#call(syscall, args, undefined);
  }

  attempt(codes: readonly ErrnoCode[], body: () => void, otherwise?: () => void): void {
    const handler = new Label(`unless ${codes.join(', ')}`);
    const instead = new Label('instead');
    const after = new Label('after');
    const outer = this.#refused;
    const numbers = codes.map(errnoNumber);
    this.#journal.attempt(
      codes,
      () => this.#refusedAt(handler, true, body),
      otherwise && (() => this.#coldBlock(instead, after, otherwise)),
    );
    this.#outOfLine(handler, () => {
      for (const number of numbers) {
        const test = { equals: -number };
        this.#branch({ kind: 'slot', slot: errorSlot }, 8, test, otherwise ? instead : after);
      }
      this.#add({ kind: 'jump', target: outer });
    });
    this.#add({ kind: 'label', label: after });
  }

  load(memory: Memory, offset: number, size: 4 | 8): Value {
    memory.checkInside(offset, size);
    const slot = this.#slot('n', undefined, size);
    this.#add({
      kind: 'copy',
      to: { kind: 'slot', slot },
      from: { kind: 'memory', memory, offset },
      size,
    });
    return slot;
  }

  expect(actual: Value, test: Test, problem: Problem): void {
    const { word, size } = this.#word(actual);
    const fine = new Label('as expected');
    this.#branch(word, size, test, fine);
    this.#journal.note(() => formatExpectation(actual, test, problem));
    this.#add({
      kind: 'problem',
      problem,
      refused: this.#refused,
      section: this.#section,
      step: this.#steps,
    });
    this.#add({ kind: 'label', label: fine });
  }

  refuse(actual: Value, test: Test, problem: Problem): void {
    const { word, size } = this.#word(actual);
    const wrong = new Label('as feared');
    this.#journal.note(
      () => `refuse ${formatTest(actual, test)}: ${problem.code}: ${problem.message}`,
    );
    this.#branch(word, size, test, wrong);
    this.#outOfLine(wrong, () =>
      this.#add({
        kind: 'problem',
        problem,
        refused: this.#refused,
        section: this.#section,
        step: this.#steps,
      }),
    );
  }

  check(result: Value, answer: Answer): void {
    const { word } = this.#word(result);
    const refused = new Label('refused');
    // The errors of the kernel, -4095 to -1, in 32 bits.
    this.#branch(word, 4, { equals: 0xffff_f000, mask: 0xffff_f000 }, refused);
    this.#journal.note(() => `check ${formatValue(result)}, the answer to ${answer.call}`);
    this.#outOfLine(refused, () =>
      this.#add({
        kind: 'refusal',
        error: word,
        answer,
        refused: this.#refused,
        section: this.#section,
        step: this.#steps,
      }),
    );
  }

  ensure<T>(body: () => T, cleanup: () => void): T {
    // A refusal that nobody expects ends the Program, and the kernel cleans up. One that an attempt expects does not.
    if (!this.#attempted) {
      const result = body();
      cleanup();
      return result;
    }
    const refused = new Label('clean up');
    const outer = this.#refused;
    const result = this.#refusedAt(refused, true, body);
    const steps = this.#steps;
    cleanup();
    const after = this.#steps;
    // The same steps once more, on the way out.
    this.#steps = steps;
    this.#journal.silently(() =>
      this.#outOfLine(refused, () => {
        cleanup();
        this.#add({ kind: 'jump', target: outer });
      }),
    );
    this.#steps = after;
    return result;
  }

  section<T>(owner: string, title: string, body: () => T): T {
    const outer = this.#section;
    this.#section = { owner, title };
    try {
      return body();
    } finally {
      this.#section = outer;
    }
  }

  /** Does `then` only if the number passes the test when the Program runs, otherwise `otherwise`. */
  when(actual: Value, test: Test, then: () => void, otherwise?: () => void): void {
    const { word, size } = this.#word(actual);
    const yes = new Label('if so');
    const after = new Label('after');
    this.#branch(word, size, test, yes);
    this.#journal.block(
      `if ${formatTest(actual, test)}`,
      () => this.#coldBlock(yes, after, then),
      otherwise,
    );
    this.#add({ kind: 'label', label: after });
  }

  /** Does `body` unless the number passes the test when the Program runs. */
  unless(actual: Value, test: Test, body: () => void): void {
    const { word, size } = this.#word(actual);
    const after = new Label('after');
    this.#branch(word, size, test, after);
    this.#journal.block(`unless ${formatTest(actual, test)}`, body);
    this.#add({ kind: 'label', label: after });
  }

  /** Does `body` over and over, until it calls `leave` or `again` at a place that the running Program comes to. */
  loop(body: (leave: () => void, again: () => void) => void): void {
    const top = new Label('again');
    const out = new Label('after');
    const go = (words: string, target: Label) => () => {
      this.#journal.note(words);
      this.#add({ kind: 'jump', target });
    };
    this.#add({ kind: 'label', label: top });
    this.#journal.block('loop', () => body(go('leave', out), go('again', top)));
    this.#add({ kind: 'jump', target: top });
    this.#add({ kind: 'label', label: out });
  }

  /** Does `body`; a refusal in it that no `attempt` expects goes to `refused`, which has to end the process. */
  guard(body: () => void, refused: () => void): void {
    const label = new Label('failed');
    this.#refusedAt(label, false, body);
    this.#journal.block('on failure', () =>
      this.#outOfLine(label, () => {
        refused();
        this.#add({ kind: 'end' });
      }),
    );
  }

  /**
   * What a child process does, given what clone3(2) or fork returned to both. The child's steps have to end in execve(2) or
   * exit_group(2); the parent goes on behind.
   */
  child(pid: Value, body: () => void): void {
    const { word, size } = this.#word(pid);
    const label = new Label('child');
    this.#branch(word, size, { equals: 0 }, label);
    this.#journal.block(`child, where ${formatValue(pid)} is 0`, () =>
      this.#outOfLine(label, () => {
        body();
        this.#add({ kind: 'end' });
      }),
    );
  }

  /**
   * Sets a Slot to a number.
   *
   * @throws {TypeError} where it is no Slot of this Program.
   */
  set(slot: Value, value: Value): void {
    if (!(slot instanceof Slot)) throw invalid('set', 'a slot', slot);
    this.#checkSlot(slot);
    this.#journal.note(`${slot.name} = ${formatValue(value)}`);
    this.#add({ kind: 'copy', to: { kind: 'slot', slot }, from: this.#word(value).word, size: 8 });
  }

  /**
   * Writes a number into memory while the Program runs.
   *
   * @throws {RangeError} where it lies outside the memory.
   */
  store(memory: Memory, offset: number, size: 4 | 8, value: Value): void {
    memory.checkInside(offset, size);
    this.#add({
      kind: 'copy',
      to: { kind: 'memory', memory, offset },
      from: this.#word(value).word,
      size,
    });
  }

  /** A new Slot, 0 at first. */
  variable(name: string): Slot {
    return this.#slot(name);
  }

  /** The failed record and the error of the last refusal, for {@link guard}. */
  failure(): Failure {
    return failure;
  }

  /** All the calls, in the order in which they are written down. */
  listing(): readonly ListingLine[] {
    this.recording();
    return this.#journal.lines();
  }

  toString(): string {
    return this.listing()
      .map((line) => line.text)
      .join('\n');
  }

  /** The executable for an architecture: by default the one of this machine. */
  compile(arch: Arch = hostArch()): Image {
    let image = this.#images.get(arch);
    if (!image) {
      image = compile(this.recording(), arch);
      this.#images.set(arch, image);
    }
    return image;
  }

  /** Closes the Program and gives what it consists of. */
  recording(): Recording {
    if (!this.#recording) {
      this.#add({ kind: 'end' });
      this.#journal.block('on failure', () =>
        this.#outOfLine(this.#failed, () => reportFailure(this)),
      );
      const nodes = [...this.#nodes, ...this.#cold.flat()];
      this.#recording = { nodes, steps: this.#steps, reportFd: this.reportFd };
    }
    return this.#recording;
  }

  #call(syscall: Syscall, args: readonly unknown[], refused: Label | undefined): Value {
    checkArguments(syscall, args);
    for (const value of args) {
      if (value instanceof Slot) this.#checkSlot(value);
      else if (value instanceof Memory) this.#take(value);
    }
    const { returns } = syscall;
    const origin = returns === 'fd' ? pathsOf(syscall, args, nowhere).path : undefined;
    const result = returns === '0' ? undefined : this.#slot(returns, origin);
    this.#steps += 1;
    this.#journal.call({ step: this.#steps, syscall, args, result, section: this.#section });
    this.#add({
      kind: 'call',
      syscall,
      args,
      result,
      refused,
      section: this.#section,
      step: this.#steps,
    });
    return result ?? 0;
  }

  /** Copies memory as it is now; the numbers of its slots are put in right before each call that uses it. */
  #take(root: Memory): void {
    for (const memory of everyMemory(root)) {
      memory.freeze();
      for (const { offset, size, value } of memory.patches) {
        this.#checkSlot(value);
        const to: Word = { kind: 'memory', memory, offset };
        this.#add({ kind: 'copy', to, from: { kind: 'slot', slot: value }, size });
      }
    }
  }

  #checkSlot(slot: Slot): void {
    if (slot.program === this || Object.values(failure).includes(slot)) return;
    throw invalid('slot', 'one of this Program', `${slot.name} of another`);
  }

  #slot(name: string, origin?: string, size: 4 | 8 = 8): Slot {
    const count = (this.#names.get(name) ?? 0) + 1;
    this.#names.set(name, count);
    return new Slot(`${name}${count}`, origin, size, this);
  }

  #word(value: Value): { word: Word; size: 4 | 8 } {
    if (!(value instanceof Slot)) {
      checkInteger('value', value, range.i64[0], range.u64[1]);
      return { word: { kind: 'constant', value }, size: 8 };
    }
    this.#checkSlot(value);
    return { word: { kind: 'slot', slot: value }, size: value.size };
  }

  #branch(word: Word, size: 4 | 8, test: Test, target: Label): void {
    this.#add({ kind: 'branch', word, size, test, target });
  }

  /** Does `body`, whose refusals go to a label. */
  #refusedAt<T>(label: Label, attempted: boolean, body: () => T): T {
    const outer = { refused: this.#refused, attempted: this.#attempted };
    this.#refused = label;
    this.#attempted = attempted;
    try {
      return body();
    } finally {
      this.#refused = outer.refused;
      this.#attempted = outer.attempted;
    }
  }

  /** Records behind everything else what is only jumped to, so that the usual way is straight. */
  #outOfLine(label: Label, body: () => void): void {
    const outer = this.#into;
    this.#into = [{ kind: 'label', label }];
    this.#cold.push(this.#into);
    try {
      body();
    } finally {
      this.#into = outer;
    }
  }

  #coldBlock(label: Label, after: Label, body: () => void): void {
    this.#outOfLine(label, () => {
      body();
      this.#add({ kind: 'jump', target: after });
    });
  }

  #add(node: ProgramNode): void {
    if (this.#recording)
      throw new TypeError('this Program is compiled already: nothing can be added');
    this.#into.push(node);
  }
}

const failure: Failure = {
  record: failedSlot,
  error: errorSlot,
  answer: answerSlot,
  answerSize: answerSizeSlot,
};
const nowhere = (): undefined => undefined;
