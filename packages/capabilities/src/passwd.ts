/** A line of passwd(5). */
export interface PasswdEntry {
  readonly name: string;
  /** 0 where the file does not say, or says something that is no id. */
  readonly uid: number;
  /** 0 where the file does not say, or says something that is no id. */
  readonly gid: number;
  readonly gecos: string;
  readonly home: string;
  readonly shell: string;
  /** Why nobody should become this user; absent from a sound line. */
  readonly problem?: string;
}

/** A line of group(5). */
export interface GroupEntry {
  readonly name: string;
  /** 0 where the file does not say, or says something that is no id. */
  readonly gid: number;
  readonly members: readonly string[];
  /** Why nobody should become a member; absent from a sound line. */
  readonly problem?: string;
}

/** The highest user or group id: the one above means "leave it as it is" to setresuid(2). */
export const highestId: number = 2 ** 32 - 2;

/**
 * Reads passwd(5), and is as patient as libcontainer 1.1.0: empty lines are skipped, missing fields are empty or 0, and every
 * other line is an entry. What is wrong with an entry is noted in its `problem`.
 */
export function parsePasswd(text: string): PasswdEntry[] {
  return lines(text).map((line) => {
    const [name = '', , uid, gid, gecos = '', home = '', shell = ''] = line.split(':');
    const problem = nul(line) ?? wrongId('uid', uid) ?? wrongId('gid', gid);
    const ids = { uid: toId(uid), gid: toId(gid) };
    return { name, ...ids, gecos, home, shell, ...(problem === undefined ? {} : { problem }) };
  });
}

/** Reads group(5), as patient as {@link parsePasswd}. */
export function parseGroup(text: string): GroupEntry[] {
  return lines(text).map((line) => {
    const [name = '', , gid, list = ''] = line.split(':');
    const problem = nul(line) ?? wrongId('gid', gid);
    const members = list === '' ? [] : list.split(',');
    return { name, gid: toId(gid), members, ...(problem === undefined ? {} : { problem }) };
  });
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function nul(line: string): string | undefined {
  return line.includes('\0') ? 'its line holds a NUL byte' : undefined;
}

function wrongId(field: string, text: string | undefined): string | undefined {
  if (text === undefined || text === '') return `it has no ${field}`;
  return isId(text)
    ? undefined
    : `its ${field} ${JSON.stringify(text)} is no number from 0 to ${highestId}`;
}

function toId(text: string | undefined): number {
  return text !== undefined && isId(text) ? Number(text) : 0;
}

function isId(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) <= highestId;
}
