import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { geteuid } from 'node:process';
import { StateError } from '../error.ts';

/**
 * Where containers are recorded unless told otherwise: `/run/nsinit` for root, `$XDG_RUNTIME_DIR/nsinit` for others, or a
 * directory of theirs in that for temporary files.
 */
export function defaultRoot(): string {
  const uid = geteuid?.() ?? 0;
  if (uid === 0) return '/run/nsinit';
  const runtime = process.env['XDG_RUNTIME_DIR'];
  if (runtime && isAbsolute(runtime)) return join(runtime, 'nsinit');
  return join(tmpdir(), `nsinit-${uid}`);
}

/**
 * Makes the root directory of a store where it is missing, and sees that nobody else can write to it.
 *
 * @returns its absolute path.
 * @throws {StateError} `ERR_STATE_ROOT` where it is a link, another user's, or open to others.
 */
export function prepareRoot(root: string): string {
  const path = resolve(root);
  fs.mkdirSync(path, { recursive: true, mode: 0o700 });
  const problem = problemOf(fs.lstatSync(path));
  if (problem) {
    throw new StateError('ERR_STATE_ROOT', `will not keep containers in ${path}: ${problem}`, path);
  }
  return path;
}

function problemOf(stat: fs.Stats): string | undefined {
  const uid = geteuid?.() ?? 0;
  if (stat.isSymbolicLink()) return 'it is a symbolic link; name what it leads to';
  if (!stat.isDirectory()) return 'it is not a directory';
  if (stat.uid !== uid) return `it belongs to user ${stat.uid}, and this is user ${uid}`;
  if ((stat.mode & 0o022) !== 0) {
    return `others may write to it (mode 0${(stat.mode & 0o777).toString(8)}); chmod it to 0700`;
  }
  return undefined;
}
