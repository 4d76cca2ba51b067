import { JsonNumber, JsonObject, type Json, type JsonMember } from './value.ts';

/** The first JSON value of a text, and where it ends. */
export interface Parsed {
  readonly value: Json;
  readonly end: number;
}

/** Deeper nesting than this is refused, rather than the stack used up. */
const deepest = 1000;

/**
 * Reads the first JSON value of a text and leaves what follows it alone, as Go's streaming decoder does.
 *
 * @throws {SyntaxError} with code `ERR_JSON` and the line and column, where there is none.
 */
export function parseJson(text: string): Parsed {
  const parser = new Parser(text);
  const value = parser.value(0);
  return { value, end: parser.position };
}

const space = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// oxlint-disable-next-line no-control-regex -- control characters are what JSON forbids here
const plain = /[^"\\\u0000-\u001f]*/y;
const words = { null: null, true: true, false: false } as const;
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class Parser {
  position = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): Json {
    if (depth > deepest) this.#fail(`nested deeper than ${deepest} levels`);
    this.#match(space);
    const next = this.#text[this.position];
    if (next === '{') return this.#object(depth);
    if (next === '[') return this.#array(depth);
    if (next === '"') return this.#string();
    for (const [word, value] of Object.entries(words)) {
      if (this.#text.startsWith(word, this.position)) {
        this.position += word.length;
        return value;
      }
    }
    const digits = this.#match(number);
    return digits === '' ? this.#unexpected('a value') : new JsonNumber(digits);
  }

  #object(depth: number): JsonObject {
    const members: JsonMember[] = [];
    this.#list('}', () => {
      this.#match(space);
      if (this.#text[this.position] !== '"') this.#unexpected('a key in double quotes');
      const key = this.#string();
      this.#match(space);
      if (!this.#skip(':')) this.#unexpected("':'");
      members.push({ key, value: this.value(depth + 1) });
    });
    return new JsonObject(members);
  }

  #array(depth: number): readonly Json[] {
    const items: Json[] = [];
    this.#list(']', () => items.push(this.value(depth + 1)));
    return items;
  }

  #list(close: '}' | ']', item: () => void): void {
    this.position += 1;
    this.#match(space);
    if (this.#skip(close)) return;
    for (;;) {
      item();
      this.#match(space);
      if (this.#skip(close)) return;
      if (!this.#skip(',')) this.#unexpected(`',' or '${close}'`);
    }
  }

  #string(): string {
    this.position += 1;
    let result = '';
    for (;;) {
      result += this.#match(plain);
      if (this.#skip('"')) return wellFormed(result);
      if (!this.#skip('\\')) this.#unexpected('the end of a string');
      const kind = this.#text[this.position] ?? '';
      const hex = this.#text.slice(this.position + 1, this.position + 5);
      if (kind === 'u' && /^[\da-fA-F]{4}$/.test(hex)) {
        result += String.fromCharCode(Number.parseInt(hex, 16));
        this.position += 5;
      } else {
        result += escapes[kind] ?? this.#unexpected('an escape such as \\n');
        this.position += 1;
      }
    }
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.position += found.length;
    return found;
  }

  #skip(character: string): boolean {
    if (this.#text[this.position] !== character) return false;
    this.position += 1;
    return true;
  }

  #unexpected(expected: string): never {
    const next = this.#text.codePointAt(this.position);
    const got = next === undefined ? 'the end' : JSON.stringify(String.fromCodePoint(next));
    return this.#fail(`expected ${expected}, got ${got}`);
  }

  #fail(problem: string): never {
    const before = this.#text.slice(0, this.position).split('\n');
    const column = (before.at(-1)?.length ?? 0) + 1;
    const error = new SyntaxError(`${problem} in line ${before.length}, column ${column}`);
    throw Object.assign(error, { code: 'ERR_JSON', line: before.length, column });
  }
}

/** Half of a surrogate pair stands for nothing: U+FFFD takes its place, as in Go. */
function wellFormed(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, '\ufffd');
}
