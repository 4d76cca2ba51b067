import { expect, it } from 'vitest';
import { output } from './nsinit.ts';

it('prints a table, with a word for each answer where there is no terminal', async () => {
  const table = await output(['features']);
  expect(table).toMatch(/^Linux \S+ on \w+, user /);
  expect(table).toMatch(/^ {2}(yes|no ) {1,2}mount namespace/m);
  for (const mark of ['✓', '✗', '\u001B']) expect(table).not.toContain(mark);
});

it('prints JSON', async () => {
  const { kernel, user, features } = JSON.parse(await output(['features', '--json'])) as {
    kernel: object;
    user: object;
    features: { id: string; available: boolean }[];
  };
  expect(Object.keys(kernel)).toEqual(['release', 'architecture']);
  expect(user).toHaveProperty('missingCapabilities');
  expect(features.find(({ id }) => id === 'calls.openat2')).toEqual({
    id: 'calls.openat2',
    title: 'openat2(2)',
    available: true,
  });
});
