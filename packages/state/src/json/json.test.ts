import { describe, expect, it } from 'vitest';
import { formatJson } from './format.ts';
import { parseJson } from './parse.ts';
import { JsonNumber, JsonObject, toPlain } from './value.ts';

const plain = (text: string): unknown => toPlain(parseJson(text).value);

describe('parseJson', () => {
  it('reads what JSON.parse reads', () => {
    const texts = [
      '{"a":[1,-2.5e3,"x\\u00e9\\n\\"",true,false,null,{}],"b":{"c":[]}}',
      ' [ ] ',
      '"\\ud83d\\ude00"',
      '-0.5',
    ];
    for (const text of texts) expect(plain(text)).toEqual(JSON.parse(text));
  });

  it('stops behind the first value', () => {
    expect(parseJson('{"a":1}\n} garbage')).toMatchObject({ end: 7 });
    expect(parseJson('  null,')).toEqual({ value: null, end: 6 });
  });

  it('keeps integers of any size, and says which numbers are written as integers', () => {
    expect(plain('18446744073709551615')).toBe(18446744073709551615n);
    expect(new JsonNumber('99').integer).toBe(99n);
    expect(new JsonNumber('99.0').integer).toBeUndefined();
    expect(new JsonNumber('1e2').integer).toBeUndefined();
    expect(new JsonNumber('9'.repeat(1_000_000)).integer).toBeUndefined();
  });

  it('finds members whatever their case, the last of several', () => {
    const { value } = parseJson('{"Init_PID":1,"init_pid":2}');
    expect(value instanceof JsonObject && value.get('init_pid')).toEqual(new JsonNumber('2'));
  });

  it('takes __proto__ as a key like any other', () => {
    const value = plain('{"__proto__":{"polluted":true}}') as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(value['polluted']).toBeUndefined();
  });

  it('puts U+FFFD for half of a surrogate pair', () => {
    expect(plain('"a\\ud800b"')).toBe('a\ufffdb');
  });

  it.each([
    ['', 'expected a value, got the end in line 1, column 1'],
    ['{"a":1,}', `expected a key in double quotes, got "}" in line 1, column 8`],
    ['{\n  "a" 1}', `expected ':', got "1" in line 2, column 7`],
    ['[1 2]', `expected ',' or ']', got "2" in line 1, column 4`],
    ['"\\x"', 'expected an escape such as \\n, got "x" in line 1, column 3'],
    ['"open', 'expected the end of a string, got the end in line 1, column 6'],
    ['"a\tb"', 'expected the end of a string, got "\\t" in line 1, column 3'],
    ['[01]', `expected ',' or ']', got "1" in line 1, column 3`],
  ])('refuses %j', (text, message) => {
    expect(() => parseJson(text)).toThrow(expect.objectContaining({ message, code: 'ERR_JSON' }));
  });

  it('refuses nesting that would use up the stack', () => {
    expect(() => parseJson('['.repeat(100_000))).toThrow('nested deeper than 1000 levels');
  });
});

describe('formatJson', () => {
  it('escapes what Go escapes', () => {
    const text = '<a href="&">\b\t\n\f\r\\t\u2028\u2029\u007fé\ud800😀';
    expect(formatJson(text)).toBe(
      String.raw`"\u003ca href=\"\u0026\"\u003e\u0008\u0009\n\u000c\r\\t\u2028\u2029` +
        '\u007fé\\ufffd😀"',
    );
  });

  it('indents by what it is told, and leaves out what is undefined', () => {
    const value = { a: [1n << 64n, {}, []], b: undefined, c: { d: null, e: true } };
    expect(formatJson(value)).toBe('{"a":[18446744073709551616,{},[]],"c":{"d":null,"e":true}}');
    expect(formatJson(value, '\t')).toBe(
      '{\n\t"a": [\n\t\t18446744073709551616,\n\t\t{},\n\t\t[]\n\t],\n\t"c": {\n\t\t"d": null,\n\t\t"e": true\n\t}\n}',
    );
  });
});
