import { checkInteger, checkString } from '@ts-c/syscall';
import { problem } from './error.ts';
import { highestId, parseGroup, parsePasswd, type GroupEntry, type PasswdEntry } from './passwd.ts';

/** Whom a process is to become. */
export interface ResolvedUser {
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups: initgroups(3). */
  readonly additionalGids: readonly number[];
  /** The home directory, where the user has an entry. */
  readonly home?: string;
  /** The name, where the user has an entry. */
  readonly name?: string;
}

/** The text of the files that users and groups are looked up in; absent where the file is. */
export interface AccountSources {
  readonly passwd?: string | undefined;
  readonly group?: string | undefined;
}

/** Who it is where nothing is said: root, unless given. */
export interface UserDefaults {
  readonly uid?: number;
  readonly gid?: number;
}

// As in 1.1.0, what is asked for by number goes to here; entries of the files may go higher.
const highestAskedFor = 2 ** 31 - 1;
/** NGROUPS_MAX of setgroups(2). */
const mostGroups = 65_536;

/**
 * Finds the user that `spec` means: nothing, `name`, `uid`, `name:group`, `uid:gid`, looked up in a container's own passwd(5) and
 * group(5). The first entry that has the name, or the number as its text, is the one. Supplementary groups are those that list the
 * user, unless a group is named.
 *
 * @example
 * resolveUser('daemon', { passwd: readFileInRoot(rootfs, '/etc/passwd'), group: readFileInRoot(rootfs, '/etc/group') });
 *
 * @throws {Error} `ERR_UNKNOWN_USER` or `ERR_UNKNOWN_GROUP` for what is neither in the file nor a number; `ERR_ID_RANGE`
 *   for a number above 2147483647 or below 0; `ERR_INVALID_PASSWD` or `ERR_INVALID_GROUP` where the entry has no proper id.
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for a NUL in `spec`, or for defaults that are no ids.
 */
export function resolveUser(
  spec: string,
  sources: AccountSources = {},
  defaults: UserDefaults = {},
): ResolvedUser {
  checkString('user', spec);
  const { uid = 0, gid = 0 } = defaults;
  checkInteger('defaults.uid', uid, 0, highestId);
  checkInteger('defaults.gid', gid, 0, highestId);
  const [userPart = '', groupPart = ''] = spec.split(':');

  const entry = findUser(userPart === '' ? String(uid) : userPart, userPart === '', sources);
  const found = entry
    ? { uid: entry.uid, gid: entry.gid }
    : { uid: userPart === '' ? uid : askedFor('user', userPart, sources.passwd), gid };
  const named = {
    ...(entry?.home ? { home: entry.home } : {}),
    ...(entry?.name ? { name: entry.name } : {}),
  };
  if (groupPart !== '')
    return { ...found, gid: findGid(groupPart, sources), additionalGids: [], ...named };
  return { ...found, additionalGids: entry?.name ? gidsOf(entry.name, sources) : [], ...named };
}

/** The directory that HOME is to name: the user's, or `/` where it has none. */
export function homeOf(user: ResolvedUser): string {
  return user.home?.startsWith('/') ? user.home : '/';
}

function findUser(
  text: string,
  byNumberOnly: boolean,
  { passwd = '' }: AccountSources,
): PasswdEntry | undefined {
  const entry = parsePasswd(passwd).find(
    ({ name, uid, problem: wrong }) =>
      (!byNumberOnly && name === text) || (wrong === undefined && String(uid) === text),
  );
  return checked('user', entry);
}

function findGid(text: string, { group }: AccountSources): number {
  const entry = parseGroup(group ?? '').find(
    ({ name, gid, problem: wrong }) =>
      name === text || (wrong === undefined && String(gid) === text),
  );
  return checked('group', entry)?.gid ?? askedFor('group', text, group);
}

function gidsOf(user: string, { group = '' }: AccountSources): number[] {
  const entries = parseGroup(group).filter(({ members }) => members.includes(user));
  const gids = [...new Set(entries.map((entry) => checked('group', entry)?.gid ?? 0))];
  if (gids.length <= mostGroups) return gids;
  throw problem(
    'ERR_INVALID_GROUP',
    `/etc/group: user ${quote(user)} is in ${gids.length} groups, and a process in ${mostGroups} at most`,
    { path: '/etc/group' },
  );
}

/** 1.1.0 took an id that could not be read as 0, and so made root of whoever had a mistake in the file. */
function checked<T extends PasswdEntry | GroupEntry>(
  what: 'user' | 'group',
  entry: T | undefined,
): T | undefined {
  if (entry?.problem === undefined) return entry;
  const path = fileOf(what);
  throw problem(
    what === 'user' ? 'ERR_INVALID_PASSWD' : 'ERR_INVALID_GROUP',
    `${path}: ${what} ${quote(entry.name)} can't be used, as ${entry.problem}; mend the line`,
    { path, [what]: entry.name },
  );
}

/** What is in no file may still be a number: decimal, nothing around it. Anything else is refused, and nothing cut short. */
function askedFor(what: 'user' | 'group', text: string, file: string | undefined): number {
  const path = fileOf(what);
  if (/^(0|[1-9]\d*)$/.test(text) && Number(text) <= highestAskedFor) return Number(text);
  if (/^-?\d+$/.test(text) && !/^0\d/.test(text)) {
    throw problem(
      'ERR_ID_RANGE',
      `${what} ${quote(text)} is not in ${path}, and as a number it has to be from 0 to ${highestAskedFor}`,
      { path, [what]: text },
    );
  }
  const where = file === undefined ? `there is no ${path}` : `${path} does not have it`;
  throw problem(
    what === 'user' ? 'ERR_UNKNOWN_USER' : 'ERR_UNKNOWN_GROUP',
    `unable to find ${what} ${quote(text)}: ${where}; add it there, or give a number`,
    { path, [what]: text },
  );
}

function fileOf(what: 'user' | 'group'): string {
  return what === 'user' ? '/etc/passwd' : '/etc/group';
}

/** In quotes, and not longer than a line: names come from files that anybody may have written. */
function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text);
}
