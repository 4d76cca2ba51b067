import * as util from 'node:util';

type MapOfErrors = Map<number, readonly [name: string, message: string]>;

/** What an error number (positive) means, in the words of Node. */
export function getSystemErrorMessage(errno: number): string {
  // util.getSystemErrorMessage came with Node 22.12; the map is in Node 20 too.
  const known = (util.getSystemErrorMap() as MapOfErrors).get(-errno)?.[1];
  return known ?? more.get(errno) ?? 'unknown error';
}

// What libuv, hence Node, has no words for. Texts follow errno(3).
const more = new Map<number, string>([
  [15, 'block device required'],
  [35, 'resource deadlock avoided'],
  [37, 'no locks available'],
  [38, 'function not implemented'],
  [61, 'no data available'],
  [62, 'timer expired'],
  [87, 'too many users'],
  [116, 'stale file handle'],
  [117, 'structure needs cleaning'],
  [126, 'required key not available'],
]);
