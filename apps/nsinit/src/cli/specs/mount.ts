import { resolve } from 'node:path';
import type { Mount } from '@ts-c/mount';
import { mountTypes } from '../../config/known.ts';
import { suggest } from '../../suggest.ts';
import { unexpected, UsageError } from '../usage-error.ts';

const keys = ['type', 'source', 'target', 'readonly'];
const aliases: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
};

/**
 * Reads a mount: `type=bind,source=/a,target=/b,readonly`. What else is in it are options as of mount(8): `nosuid`, `size=16m`. A
 * part with a comma in it may be quoted: `"source=/a,b"`.
 *
 * @param directory What a relative source starts from.
 * @throws {UsageError}
 */
export function parseMount(name: string, text: string, directory: string): Mount {
  const fields: Record<string, string> = {};
  const options: string[] = [];
  for (const part of splitFields(name, text)) {
    const equals = part.indexOf('=');
    const word = equals < 0 ? part : part.slice(0, equals);
    const key = aliases[word] ?? word;
    if (key === 'rw' && equals < 0) fields['readonly'] = 'false';
    else if (key === 'readonly') fields[key] = equals < 0 ? 'true' : part.slice(equals + 1);
    else if (keys.includes(key) && equals >= 0) fields[key] = part.slice(equals + 1);
    else if (part !== '') options.push(checkOption(name, part, word));
  }
  const { source, target, readonly = 'false', type = 'bind' } = fields;
  if (!mountTypes.includes(type))
    throw unexpected(`${name} type`, mountTypes.join(', '), type, suggest(type, mountTypes));
  if (readonly !== 'true' && readonly !== 'false')
    throw unexpected(`${name} readonly`, 'true or false', readonly);
  if (target === undefined)
    throw new UsageError(
      `${name}: ${JSON.stringify(text)} has no target=DIR`,
      'as in type=bind,source=/a,target=/b',
    );
  if (type === 'bind' && source === undefined) {
    throw new UsageError(
      `${name}: ${JSON.stringify(text)} has no source=PATH`,
      'as in type=bind,source=/a,target=/b',
    );
  }
  return {
    type,
    ...(source === undefined
      ? {}
      : { source: type === 'bind' ? hostPath(name, source, directory) : source }),
    destination: containerPath(name, target),
    writable: readonly === 'false',
    ...(options.length > 0 ? { options } : {}),
  };
}

/** A key that is misspelt would else be an option that the kernel refuses, with less to say about it. */
function checkOption(name: string, part: string, word: string): string {
  const meant = suggest(word, [
    ...keys,
    ...Object.keys(aliases).filter((alias) => alias.length > 3),
  ]);
  if (meant === undefined) return part;
  throw new UsageError(
    `${name}: there is no ${word}${part === word ? '' : '='}`,
    `did you mean ${meant}?`,
  );
}

/**
 * Reads a bind mount as docker's -v has it: `SOURCE:TARGET[:OPTIONS]`, options being `ro`, `rw` or those of mount(8).
 *
 * @throws {UsageError}
 */
export function parseVolume(name: string, text: string, directory: string): Mount {
  const [source, target, options = '', ...more] = text.split(':');
  if (!source || !target || more.length > 0) {
    throw new UsageError(
      `${name}: expected SOURCE:TARGET or SOURCE:TARGET:OPTIONS, got ${JSON.stringify(text)}`,
      text.split(':').length > 3 ? 'paths with colons in them can be given to --mount' : undefined,
    );
  }
  const words = options.split(',').filter((option) => option !== '');
  const others = words.filter((option) => option !== 'ro' && option !== 'rw');
  return {
    type: 'bind',
    source: hostPath(name, source, directory),
    destination: containerPath(name, target),
    writable: words.findLast((option) => option === 'ro' || option === 'rw') !== 'ro',
    ...(others.length > 0 ? { options: others } : {}),
  };
}

function hostPath(name: string, path: string, directory: string): string {
  if (path.startsWith('/')) return path;
  if (/^\.{1,2}(\/|$)/.test(path)) return resolve(directory, path);
  throw new UsageError(
    `${name}: ${JSON.stringify(path)} is no path`,
    `for one of this directory write ./${path}; there are no named volumes`,
  );
}

function containerPath(name: string, path: string): string {
  if (path.startsWith('/')) return path;
  throw unexpected(`${name} target`, 'an absolute path in the container', path);
}

/** Splits at commas outside of quotes, as CSV does. */
function splitFields(name: string, text: string): string[] {
  const fields: string[] = [];
  let rest = text;
  while (rest !== '') {
    const match = /^(?:"((?:[^"]|"")*)"|([^,"]*))(?:,|$)/.exec(rest);
    if (!match)
      throw new UsageError(
        `${name}: a quote in ${JSON.stringify(text)} is not closed, or stands in the middle`,
      );
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    rest = rest.slice(match[0].length);
  }
  return fields;
}
