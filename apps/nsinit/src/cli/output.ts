/** Where text goes. */
export interface Output {
  write(text: string): void;
  /** Resolves once all of it has been taken, by a reader who may be slow; rejects where that failed. */
  flush(): Promise<void>;
  /** Is it a terminal? */
  readonly isTerminal: boolean;
  /** Characters in a line, if it is a terminal. */
  readonly columns: number | undefined;
  readonly style: Style;
}

/** A stream of Node's, as far as an {@link Output} needs it. */
export interface Stream {
  write(text: string, done?: (error?: Error | null) => void): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Ways to make text stand out; they do nothing where there are no colours. */
type Style = Readonly<
  Record<'bold' | 'dim' | 'red' | 'green' | 'yellow', (text: string) => string>
>;

const codes = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
} as const;

/**
 * A stream as an Output: with colours if it is a terminal, unless NO_COLOR or FORCE_COLOR says otherwise.
 *
 * @param open Gives the stream. It is called when there is something to say: a container that is silent does not need it.
 */
export function outputOf(
  open: () => Stream,
  variables: Readonly<Record<string, string | undefined>>,
): Output {
  let stream: Stream | undefined;
  let style: Style | undefined;
  const opened = (): Stream => (stream ??= open());
  return {
    write: (text) => void opened().write(text),
    flush: () =>
      new Promise((resolve, reject) => {
        if (!stream) resolve();
        else stream.write('', (error) => (error ? reject(error) : resolve()));
      }),
    get isTerminal() {
      return opened().isTTY === true;
    },
    get columns() {
      return this.isTerminal ? opened().columns : undefined;
    },
    get style() {
      return (style ??= styleOf(hasColours(this.isTerminal, variables)));
    },
  };
}

function styleOf(colours: boolean): Style {
  return Object.fromEntries(
    Object.entries(codes).map(([name, [on, off]]) => [
      name,
      (text: string) => (colours ? `\u001B[${on}m${text}\u001B[${off}m` : text),
    ]),
  ) as Style;
}

/** See https://no-color.org and https://force-color.org; where they disagree, force wins, as in Node. */
export function hasColours(
  isTerminal: boolean,
  variables: Readonly<Record<string, string | undefined>>,
): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: term } = variables;
  if (force === '0' || force === 'false') return false;
  if (force) return true;
  if (no) return false;
  return isTerminal && term !== 'dumb';
}

/**
 * Text on its way to a terminal: what others have chosen (names of files, commands) may not move its cursor. Line ends stay.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** As {@link printable}, and on one line. */
export function printableLine(text: string): string {
  return printable(text).replaceAll('\n', '\\n');
}

/** Writes rows as columns that are as wide as their widest cell; the last one may be as wide as it likes. */
export function columns(rows: readonly (readonly string[])[], gap = 2): string {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(0, ...rows.map((row) => (column < row.length - 1 ? widthOf(row[column] ?? '') : 0))),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column < row.length - 1
          ? cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell) + gap)
          : cell,
      )
      .join('')
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join('');
}

function widthOf(text: string): number {
  // Colours take no room.
  // oxlint-disable-next-line no-control-regex
  return [...text.replaceAll(/\u001B\[\d+m/g, '')].length;
}

/** Text in lines of at most so many characters, all but the first indented. */
export function wrap(text: string, width: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join(`\n${indent}`);
}
