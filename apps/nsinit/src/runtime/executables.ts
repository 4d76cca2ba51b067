import { Executable, type Image, type Program } from '@ts-c/syscall';
import { blanksOf, networksOf, shapeOf, type Blank } from './blanks.ts';
import { writeContainer, type Plan } from './container-program.ts';
import { Template } from './template.ts';

/** A compiled container, and the pidfds that have to be handed to it. */
export interface CompiledContainer {
  readonly executable: Executable;
  readonly pidfds: readonly number[];
  /** Gives the executable back; it may live on for the next container of the same kind. */
  [Symbol.dispose](): void;
}

/** What is kept of a kind of container. */
type Kept =
  /** The same machine code for all of them. */
  | { readonly is: 'executable'; readonly compiled: CompiledContainer }
  /** There has been one, with names or addresses of its own. Many never have a second. */
  | { readonly is: 'seen' }
  | {
      readonly is: 'template';
      readonly template: Template;
      readonly image: Image;
      readonly pidfds: readonly number[];
    }
  | { readonly is: 'unlike' };

// Servers start the same container over and over. Each executable that is kept costs a file descriptor and the pages of a memfd.
const most = 4;
const kept = new Map<string, Kept>();

/**
 * Compiles a container, or takes what was compiled for another one of its kind. What a keeper writes down is never the same.
 *
 * @param into Where to write it, if not into a Program of its own.
 */
export function compileContainer(plan: Plan, into?: Program): CompiledContainer {
  if (plan.reservation || into) return compile(plan, into);
  const blanks = blanksOf(plan.facts);
  const key = kindOf(plan, blanks);
  const known = kept.get(key);
  // The one used last goes last, and the first is the one to go.
  kept.delete(key);
  if (known?.is === 'executable') {
    kept.set(key, known);
    return known.compiled;
  }
  if (known?.is === 'template') {
    kept.set(key, known);
    const bytes = known.template.fill(blanks);
    return once(lateImage(plan, known.image, bytes), known.pidfds);
  }
  const compiled = compile(plan);
  if (blanks.length > 0) {
    keep(
      key,
      known?.is === 'seen' ? templateOf(plan, blanks, compiled) : (known ?? { is: 'seen' }),
    );
    return compiled;
  }
  const shared = { ...compiled, [Symbol.dispose]: () => {} };
  keep(key, { is: 'executable', compiled: shared });
  return shared;
}

function compile(plan: Plan, into?: Program): CompiledContainer {
  const { program, pidfds } = writeContainer(plan, into);
  return once(program.compile(), pidfds);
}

function once(image: Image, pidfds: readonly number[]): CompiledContainer {
  const executable = new Executable(image, 'nsinit');
  return { executable, pidfds, [Symbol.dispose]: () => executable[Symbol.dispose]() };
}

/** An image of other bytes. What is in it has to be known only where a step fails: then the container is compiled after all. */
function lateImage(plan: Plan, image: Image, bytes: Uint8Array): Image {
  let own: Image | undefined;
  return {
    ...image,
    bytes,
    nodeAt: (address) => (own ??= writeContainer(plan).program.compile()).nodeAt(address),
  };
}

function templateOf(
  plan: Plan,
  blanks: readonly Blank[],
  { executable: { image }, pidfds }: CompiledContainer,
): Kept {
  try {
    const template = Template.of(image.bytes, blanks, (values) => {
      const replace = replacing(blanks, (_, index) => values[index]);
      return writeContainer(mapTexts(plan, replace)).program.compile();
    });
    if (template) return { is: 'template', template, image, pidfds };
  } catch {
    // With other names it would not be a container: this one is, and needs no template.
  }
  return { is: 'unlike' };
}

function keep(key: string, what: Kept): void {
  kept.set(key, what);
  const [oldest] = kept;
  if (kept.size <= most || !oldest) return;
  kept.delete(oldest[0]);
  if (oldest[1].is === 'executable') oldest[1].compiled.executable[Symbol.dispose]();
}

/**
 * All that there is in a plan, but for the values of its blanks. Those are left out where {@link mapTexts} replaces them: a number that
 * equals a name is not that name.
 */
function kindOf(plan: Plan, blanks: readonly Blank[]): string {
  const replace = replacing(blanks, (blank, index) => `\0${index} ${shapeOf(blank)}\0`);
  const text = JSON.stringify(plan, (_, value: unknown) => {
    if (typeof value === 'string') return replace(value);
    return typeof value === 'bigint' ? `${value}n` : value;
  });
  return `${text} ${networksOf(plan.facts).join()}`;
}

/** Replaces blanks in a text, all in one go: what stands for one may be like another. Where two begin, the long one is it. */
function replacing(
  blanks: readonly Blank[],
  by: (blank: Blank, index: number) => string | undefined,
): (text: string) => string {
  if (blanks.length === 0) return (text) => text;
  const texts = new Map(blanks.map((blank, index) => [blank.value, by(blank, index) ?? '']));
  const any = blanks.map(({ value }) => value.replaceAll(/\W/g, String.raw`\$&`)).join('|');
  const pattern = new RegExp(any, 'g');
  return (text) => text.replaceAll(pattern, (value) => texts.get(value) ?? '');
}

/** Everything with other texts in it. */
function mapTexts<T>(value: T, change: (text: string) => string): T {
  const map = (each: unknown): unknown => {
    if (typeof each === 'string') return change(each);
    if (Array.isArray(each)) return each.map(map);
    if (typeof each !== 'object' || each === null) return each;
    return Object.fromEntries(Object.entries(each).map(([name, inner]) => [name, map(inner)]));
  };
  return map(value) as T;
}
