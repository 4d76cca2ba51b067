import type { Problem, Test } from '../kernel.ts';
import { formatValue, type Slot, type Value } from '../value.ts';
import type { Section } from './node.ts';
import { formatArguments, type Syscall } from '../syscall.ts';

/** One line of a listing. */
export interface ListingLine {
  /** The line as it is printed, indented. */
  readonly text: string;
  /** For a system call: its number, from 1. */
  readonly step?: number;
  readonly syscall?: string;
  readonly arguments?: readonly string[];
  readonly result?: string;
  /** For a system call: the package that makes it, and what for. */
  readonly owner?: string;
  readonly title?: string;
  /** Errors that are an answer here, not a failure. */
  readonly tolerated?: readonly string[];
}

interface Call {
  readonly step: number;
  readonly syscall: Syscall;
  readonly args: readonly unknown[];
  readonly result: Slot | undefined;
  readonly section: Section | undefined;
  readonly tolerated?: readonly string[];
}

interface Entry {
  readonly depth: number;
  readonly text?: string | (() => string);
  readonly call?: Call;
}

const isCallOrHeading = ({ call, text }: Entry): boolean =>
  call !== undefined || (typeof text === 'string' && text.startsWith('# '));

/** Writes a Program down for people, in the order in which it was recorded. Looks like strace's output, with slots for numbers. */
export class Journal {
  readonly #entries: Entry[] = [];
  #depth = 0;
  #section: Section | undefined;

  call(call: Call): void {
    const { section } = call;
    if (section && section !== this.#section) this.note(`# ${section.owner}: ${section.title}`);
    this.#section = section;
    // Formatting waits until somebody wants to read: most Programs are only run.
    this.#entries.push({ depth: this.#depth, call });
  }

  note(text: string | (() => string)): void {
    this.#entries.push({ depth: this.#depth, text });
  }

  /** Writes what `body` does one step further in, between `open {` and `}`; and `otherwise` behind an `else`. */
  block(open: string, body: () => void, otherwise?: () => void): void {
    this.note(`${open} {`);
    this.#indent(body);
    if (otherwise) {
      this.note('} else {');
      this.#indent(otherwise);
    }
    this.note('}');
  }

  /** Writes an attempt: one call gets a remark, more get a block. */
  attempt(codes: readonly string[], body: () => void, otherwise: (() => void) | undefined): void {
    const start = this.#entries.length;
    this.#indent(body);
    const inside = this.#entries.splice(start);
    const calls = inside.filter((entry) => entry.call);
    const only = inside.every(isCallOrHeading) && calls.length === 1 ? calls[0]?.call : undefined;
    if (only && !otherwise) {
      const call = { ...only, tolerated: [...codes, ...(only.tolerated ?? [])] };
      for (const entry of inside)
        this.#entries.push({ ...entry, ...(entry.call ? { call } : {}), depth: entry.depth - 1 });
      return;
    }
    this.note('attempt {');
    for (const entry of inside) this.#entries.push(entry);
    if (otherwise) this.block(`} on ${codes.join(', ')}`, otherwise);
    else this.note(`} or ${codes.join(', ')}`);
  }

  /** Does `body` without writing down what it does. */
  silently(body: () => void): void {
    const { length } = this.#entries;
    body();
    this.#entries.length = length;
  }

  lines(): ListingLine[] {
    const width = String(this.#entries.filter((entry) => entry.call).length).length;
    return this.#entries.map(({ depth, text = '', call }) => {
      const margin = (step: string | number): string =>
        `${String(step).padStart(width)}  ${'  '.repeat(depth)}`;
      if (!call) return { text: margin('') + (typeof text === 'string' ? text : text()) };
      const line = formatLine(call);
      return { text: margin(call.step) + line.text, ...line.fields };
    });
  }

  #indent(body: () => void): void {
    this.#depth += 1;
    try {
      body();
    } finally {
      this.#depth -= 1;
    }
  }
}

function formatLine({ step, syscall, args, result, section, tolerated }: Call): {
  text: string;
  fields: Omit<ListingLine, 'text'>;
} {
  const formatted = formatArguments(syscall.parameters, args);
  const call = `${syscall.name}(${formatted.join(', ')})`;
  const text =
    (result ? `${result.name} = ${call}` : call) +
    (tolerated ? `  # or ${tolerated.join(', ')}` : '');
  return {
    text,
    fields: {
      step,
      syscall: syscall.name,
      arguments: formatted,
      ...(result ? { result: result.name } : {}),
      ...section,
      ...(tolerated ? { tolerated } : {}),
    },
  };
}

/** Writes a condition. */
export function formatTest(value: Value, { equals, mask }: Test): string {
  const left =
    mask === undefined
      ? formatValue(value)
      : `(${formatValue(value)} & 0x${BigInt(mask).toString(16)})`;
  return `${left} == ${equals}`;
}

/** Writes an expectation. */
export function formatExpectation(value: Value, test: Test, problem: Problem): string {
  return `expect ${formatTest(value, test)}, else ${problem.code}: ${problem.message}`;
}
