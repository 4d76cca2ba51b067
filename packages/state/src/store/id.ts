import { StateError } from '../error.ts';

const form = /^[A-Za-z0-9][A-Za-z0-9_.+-]{0,127}$/;

/**
 * Is this an id of a container? It becomes the name of a directory.
 *
 * @throws {StateError} `ERR_INVALID_ID`
 */
export function checkId(id: string): void {
  if (isId(id)) return;
  throw new StateError(
    'ERR_INVALID_ID',
    `id: expected at most 128 letters, digits and any of _ . + -, a letter or digit first, got ${JSON.stringify(id)}`,
  );
}

/** See {@link checkId}. */
export function isId(id: string): boolean {
  return typeof id === 'string' && form.test(id);
}

const consonants = 'bdfghjklmnprstvz';
const vowels = 'aiou';

/** A new random id, easy to say and to type: `tobi-kura-zilu`. One of 68 billion; who takes it finds out whether it is in use. */
export function generateId(): string {
  return [word(), word(), word()].join('-');
}

function word(): string {
  // An id is no secret, and node:crypto takes milliseconds to load.
  return [consonants, vowels, consonants, vowels]
    .map((letters) => letters.charAt(Math.floor(Math.random() * letters.length)))
    .join('');
}
