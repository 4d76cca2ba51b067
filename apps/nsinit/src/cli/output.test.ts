import { describe, expect, it } from 'vitest';
import { columns, hasColours, outputOf, printable, printableLine, wrap } from './output.ts';

describe('colours', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
    [true, { TERM: 'dumb' }, false],
  ])('terminal %s, %j: %s', (isTerminal, variables, expected) => {
    expect(hasColours(isTerminal, variables)).toBe(expected);
  });
});

describe('an output', () => {
  it('opens its stream when there is something to say', async () => {
    let opened = 0;
    const said: string[] = [];
    const output = outputOf(() => {
      opened += 1;
      return { isTTY: true, columns: 80, write: (text, done) => (said.push(text), done?.()) };
    }, {});
    await output.flush();
    expect(opened).toBe(0);
    output.write(output.style.red('x'));
    await output.flush();
    expect(said).toEqual(['\u001B[31mx\u001B[39m', '']);
    expect({ opened, columns: output.columns }).toEqual({ opened: 1, columns: 80 });
  });

  it('fails where what was said is not taken', async () => {
    const output = outputOf(() => ({ write: (_, done) => done?.(new Error('full')) }), {});
    output.write('x');
    await expect(output.flush()).rejects.toThrow('full');
  });
});

it('keeps what others have chosen from moving the cursor', () => {
  expect(printable('a\u001B[2Jb\n\u202Ec\u0007ü')).toBe('a\\u001b[2Jb\n\\u202ec\\u0007ü');
  expect(printableLine('a\nb')).toBe('a\\nb');
});

it('writes columns, and breaks lines', () => {
  expect(
    columns([
      ['a', 'bb', 'c'],
      ['\u001B[1maaa\u001B[22m', 'b', ''],
    ]),
  ).toBe('a    bb  c\n\u001B[1maaa\u001B[22m  b\n');
  expect(columns([])).toBe('');
  expect(wrap('one two three four', 9, '  ')).toBe('one two\n  three\n  four');
});
