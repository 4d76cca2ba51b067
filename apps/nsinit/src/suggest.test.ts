import { describe, expect, it } from 'vitest';
import { suggest } from './suggest.ts';

describe('suggest', () => {
  it.each([
    ['hostnmae', 'hostname'],
    ['HOSTNAME', 'hostname'],
    ['host', 'hostname'],
    ['usr', 'user'],
    ['enviroment', 'environment'],
    ['tt', 'tty'],
    ['xyz', undefined],
    ['', undefined],
    ['completely different', undefined],
  ])('%j: %j', (word, meant) => {
    expect(suggest(word, ['hostname', 'user', 'environment', 'tty'])).toBe(meant);
  });
});
