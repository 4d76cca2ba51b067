import type { Command } from './command.ts';
import { entries, type Entry } from './commands.ts';
import { helpOption, type Option, type Options } from './options.ts';
import { columns, wrap, type Output } from './output.ts';

const width = 100;

/** The page of `nsinit --help`. */
export function mainHelp({ style }: Output): string {
  const heading = (text: string): string => `${style.bold(text)}\n`;
  return [
    'Linux containers, made of system calls that can be read beforehand.\n\n',
    heading('Usage'),
    '  nsinit COMMAND [options]\n',
    '  nsinit help COMMAND\n\n',
    heading('Commands'),
    columns(entries.map(({ name, summary }) => [`  ${name}`, summary])),
    '\n',
    heading('Options'),
    columns([
      ['  -h, --help', 'Show this help, or that of a command'],
      ['  -v, --version', 'Print the version'],
    ]),
    '\n',
    heading('Exit status'),
    columns([
      ['  N', 'the command’s own'],
      ['  128+N', 'the command was ended by signal N'],
      ['  125', 'nsinit failed, or was called wrongly'],
      ['  126', 'the command can’t be executed'],
      ['  127', 'the command was not found'],
    ]),
    '\n',
    heading('Environment'),
    columns([
      ['  NO_COLOR, FORCE_COLOR', 'no colours; colours even without a terminal'],
      ['  NODE_DEBUG=nsinit', 'errors with their stack'],
      ['  data_path, log', 'of exec, plan exec and spec: see there'],
    ]),
    '\n',
    'nsinit features says what this machine lacks; nsinit plan shows what run would do.\n',
  ].join('');
}

/** The page of one command, out of its tables. */
export function commandHelp({ name, summary }: Entry, command: Command, { style }: Output): string {
  const heading = (text: string): string => `${style.bold(text)}\n`;
  const parts = [
    `${summary}.\n\n`,
    heading('Usage'),
    ...command.usage.map((usage) => `  nsinit ${name} ${usage}`.trimEnd() + '\n'),
    '\n',
  ];
  if (command.description) parts.push(`${paragraphs(command.description)}\n\n`);
  parts.push(heading('Options'), optionRows({ ...command.options, ...helpOption }), '\n');
  parts.push(heading('Examples'));
  for (const { command: line, about } of command.examples)
    parts.push(`  ${style.dim(`# ${about}`)}\n  ${line}\n`);
  return parts.join('');
}

function paragraphs(text: string): string {
  return text
    .split('\n')
    .map((paragraph) => wrap(paragraph, width))
    .join('\n');
}

function optionRows(options: Options): string {
  const rows = Object.entries(options).map(
    ([name, option]) => [nameOf(name, option), option] as const,
  );
  const left = Math.min(34, Math.max(...rows.map(([text]) => text.length)) + 2);
  return rows
    .map(([text, option]) => {
      const about = wrap(aboutOf(option), width - left, ' '.repeat(left));
      const gap = text.length + 2 > left ? `\n${' '.repeat(left)}` : ' '.repeat(left - text.length);
      return `${text}${gap}${about}\n`;
    })
    .join('');
}

function nameOf(name: string, { short, type, value = 'VALUE' }: Option): string {
  const letter = short === undefined ? '    ' : `-${short}, `;
  const operand = type === 'boolean' ? '' : type === 'optional' ? `[=${value}]` : ` ${value}`;
  return `  ${letter}--${name}${operand}`;
}

function aboutOf({ description, multiple }: Option): string {
  return multiple ? `${description} (repeatable)` : description;
}
