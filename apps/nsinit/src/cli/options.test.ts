import { describe, expect, it } from 'vitest';
import { listOf, parseOptions, type Options } from './options.ts';
import { UsageError } from './usage-error.ts';

const options = {
  tty: { type: 'boolean', short: 't', description: '' },
  detach: { type: 'boolean', short: 'd', description: '' },
  hostname: { type: 'string', value: 'NAME', description: '' },
  env: { type: 'string', short: 'e', multiple: true, description: '' },
  userns: { type: 'optional', description: '' },
  network: { type: 'string', choices: ['none', 'host'], description: '' },
  'read-only': { type: 'boolean', description: '' },
} as const satisfies Options;

const parse = (line: string, rest: 'command' | 'words' = 'command') =>
  parseOptions(line === '' ? [] : line.split(' '), options, rest);

/** The message of the error and its hint. */
function refusal(line: string): string {
  try {
    parse(line);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const { message, hint } = error;
    return hint === undefined ? message : `${message} | ${hint}`;
  }
  throw new Error('it was taken');
}

describe('parseOptions', () => {
  it.each([
    ['', {}, []],
    ['ls -la /', {}, ['ls', '-la', '/']],
    ['-t ls -t', { tty: true }, ['ls', '-t']],
    ['-td ls', { tty: true, detach: true }, ['ls']],
    ['--hostname box ls --hostname other', { hostname: 'box' }, ['ls', '--hostname', 'other']],
    ['--hostname=box -- -x --', { hostname: 'box' }, ['-x', '--']],
    ['--hostname a --hostname b ls', { hostname: 'b' }, ['ls']],
    ['-e A=1 -eB=2 --env=C= ls', { env: ['A=1', 'B=2', 'C='] }, ['ls']],
    ['-te A=1 ls', { tty: true, env: ['A=1'] }, ['ls']],
    ['--userns ls', { userns: '' }, ['ls']],
    ['--userns=auto ls', { userns: 'auto' }, ['ls']],
    ['--hostname=-x ls', { hostname: '-x' }, ['ls']],
    ['--hostname -1 ls', { hostname: '-1' }, ['ls']],
    ['--hostname - ls', { hostname: '-' }, ['ls']],
    ['--network host -- ls', { network: 'host' }, ['ls']],
    ['-', {}, ['-']],
  ])('%j', (line, values, words) => {
    const parsed = parse(line);
    expect(parsed.values).toEqual(values);
    expect(parsed.words).toEqual(words);
  });

  it('says whether two dashes ended the options', () => {
    expect(parse('-t -- ls').terminated).toBe(true);
    expect(parse('-t ls --').terminated).toBe(false);
  });

  it('takes options among and behind words where those are no command', () => {
    expect(parse('a -t b --hostname x -- -d', 'words')).toEqual({
      values: { tty: true, hostname: 'x' },
      words: ['a', 'b', '-d'],
      terminated: true,
    });
  });

  it.each([
    ['--hostnmae x ls', 'there is no option --hostnmae | did you mean --hostname?'],
    ['--hlep', 'there is no option --hlep | did you mean --help?'],
    ['--read_only ls', 'there is no option --read_only | did you mean --read-only?'],
    ['--zzzzzz', 'there is no option --zzzzzz'],
    ['-x ls', 'there is no option -x'],
    ['-tx ls', 'there is no option -x'],
    ['--__proto__ ls', 'there is no option --__proto__'],
    ['--constructor=x ls', 'there is no option --constructor'],
    ['--hostname', '--hostname needs a value: --hostname NAME'],
    ['-e', '-e needs a value: -e VALUE'],
    ['--tty=yes ls', '--tty takes no value, got "yes"'],
    [
      '--hostname --tty ls',
      '--hostname needs a value, and is followed by the option --tty | if --tty is meant as the value, write --hostname=--tty',
    ],
    [
      '-e -t ls',
      '-e needs a value, and is followed by the option -t | if -t is meant as the value, write -e-t',
    ],
    ['--network hots ls', '--network: expected none or host, got "hots" | did you mean host?'],
  ])('%j: %s', (line, message) => {
    expect(refusal(line)).toBe(message);
  });
});

it('writes enumerations', () => {
  expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listOf)).toEqual([
    '',
    'a',
    'a or b',
    'a, b or c',
  ]);
});
