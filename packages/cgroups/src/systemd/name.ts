import { CgroupError } from '../error.ts';

/** The longest name of a unit: systemd.unit(5). */
const longest = 255;

/**
 * The name of the scope of a container: `<parent>-<name>.scope`, `/` in the parent is `-`. Without a parent it is `<name>.scope`, where
 * libcontainer 1.1.0 made `-<name>.scope`, a name that reads as an option on every command line.
 *
 * @throws {CgroupError} (`ERR_INVALID_CGROUP_NAME`) for a name that is empty, a path, or too long.
 */
export function scopeName(options: { readonly name: string; readonly parent?: string }): string {
  const { name, parent = '' } = options;
  if (name === '' || name === '.' || name === '..' || name.includes('/'))
    throw invalid(name, 'the name of a scope has to be one part of a path');
  const parts = [...partsOf(parent).map(mangle), mangle(name)];
  return checkLength(`${parts.join('-')}.scope`);
}

/**
 * The slice for a path of cgroups, `/ci/nightly` is `ci-nightly.slice`, the root is `-.slice`. A `-` in a part is escaped, as it would be
 * another level.
 *
 * @throws {CgroupError} (`ERR_INVALID_CGROUP_NAME`) for a path with `..`, or a name that is too long.
 */
export function sliceName(path: string): string {
  const parts = partsOf(path);
  if (parts.length === 0) return '-.slice';
  return checkLength(`${parts.map(escapeName).join('-')}.slice`);
}

/**
 * Checks the name of a slice, such as `system.slice`, and returns it.
 *
 * @throws {CgroupError} (`ERR_INVALID_CGROUP_NAME`) for what is no slice.
 */
export function checkSlice(slice: string): string {
  const name = slice.endsWith('.slice') ? slice.slice(0, -'.slice'.length) : undefined;
  const wellFormed = name === '-' || (name !== undefined && /^[\w:.\\]+(-[\w:.\\]+)*$/.test(name));
  if (!wellFormed)
    throw invalid(slice, 'the name of a slice ends in .slice, and has one - before each level');
  return checkLength(slice);
}

/**
 * The path of a slice from the root of the cgroups, as slices are nested by their names: `a-b.slice` is `a.slice/a-b.slice`, `-.slice` is
 * empty.
 *
 * @throws {CgroupError} (`ERR_INVALID_CGROUP_NAME`) for what is no slice.
 */
export function slicePath(slice: string): string {
  const name = checkSlice(slice).slice(0, -'.slice'.length);
  if (name === '-') return '';
  const parts = name.split('-');
  return parts.map((_part, index) => `${parts.slice(0, index + 1).join('-')}.slice`).join('/');
}

/** Escapes a text for the name of a unit as systemd-escape(1) does: `/` is `-`, what is not allowed is `\xNN`, byte by byte. */
export function escapeName(text: string): string {
  const escaped = mangle(text.replaceAll('-', '\0').replaceAll('/', '-')).replaceAll(
    '\\x00',
    '\\x2d',
  );
  return escaped.startsWith('.') ? `\\x2e${escaped.slice(1)}` : escaped;
}

/** Escapes what no name can have, and leaves `-` alone. `@` would make an instance of a template. */
function mangle(text: string): string {
  return text.replaceAll(/[^\w:.-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}

function partsOf(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw invalid(path, 'a path with .. leads out of its cgroup');
  return parts;
}

function checkLength(name: string): string {
  if (name.length > longest)
    throw invalid(
      name,
      `the name of a unit has at most ${longest} characters; choose a shorter one`,
    );
  return name;
}

function invalid(value: string, reason: string): CgroupError {
  return new CgroupError('ERR_INVALID_CGROUP_NAME', `'${value}': ${reason}`, { value });
}
