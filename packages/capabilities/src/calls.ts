import {
  int,
  memory,
  oneOf,
  PR,
  prefixed,
  SIGNAL,
  sizeOf,
  syscall,
  ulong,
  type FlagTable,
} from '@ts-c/syscall';
import { capabilities } from './names.ts';

/** Capabilities as C and strace(1) write them. */
export const CAP: FlagTable = prefixed('CAP_', capabilities);

const operation = oneOf('op', prefixed('PR_', PR));

/** prctl(2) about one capability: `PR_CAPBSET_READ`, `PR_CAPBSET_DROP`. */
export const prctlCapability = syscall('prctl', [operation, oneOf('cap', CAP)]);
/** prctl(2) with a switch: `PR_SET_KEEPCAPS`, `PR_SET_DUMPABLE`. */
export const prctlSwitch = syscall('prctl', [operation, ulong('on')]);
/** prctl(2) with a signal: `PR_SET_PDEATHSIG`. */
export const prctlSignal = syscall('prctl', [operation, oneOf('sig', SIGNAL)]);
/** Operations of prctl(2) `PR_CAP_AMBIENT`. */
export const AMBIENT = { RAISE: 2, CLEAR_ALL: 4 } as const;
const how = oneOf('how', prefixed('PR_CAP_AMBIENT_', AMBIENT));
/** prctl(2) `PR_CAP_AMBIENT` about all capabilities at once: `CLEAR_ALL`. */
export const prctlAmbientAll = syscall('prctl', [
  operation,
  how,
  ulong('arg3'),
  ulong('arg4'),
  ulong('arg5'),
]);
/** prctl(2) `PR_CAP_AMBIENT` about one capability: `RAISE`. */
export const prctlAmbient = syscall('prctl', [
  operation,
  how,
  oneOf('cap', CAP),
  ulong('arg4'),
  ulong('arg5'),
]);

/** capget(2). */
export const capget = syscall('capget', [memory('hdrp', 8), memory('datap', 24)]);
/** capset(2). */
export const capset = syscall('capset', [memory('hdrp', 8), memory('datap', 24)]);

/** getppid(2). */
export const getppid = syscall('getppid', [], 'pid');
/** getcwd(2): fills memory with the path, or one that does not begin with a slash where the directory lies outside of the root. */
export const getcwd = syscall('getcwd', [memory('buf'), sizeOf('size', 'buf')], 'n');

/** Resources of prlimit(2) and getrlimit(2). */
export const RLIMIT = {
  CPU: 0,
  FSIZE: 1,
  DATA: 2,
  STACK: 3,
  CORE: 4,
  RSS: 5,
  NPROC: 6,
  NOFILE: 7,
  MEMLOCK: 8,
  AS: 9,
  LOCKS: 10,
  SIGPENDING: 11,
  MSGQUEUE: 12,
  NICE: 13,
  RTPRIO: 14,
  RTTIME: 15,
} as const;
/** prlimit(2). */
export const prlimit64 = syscall('prlimit64', [
  int('pid'),
  oneOf('resource', prefixed('RLIMIT_', RLIMIT)),
  memory('new_limit', 16),
  memory('old_limit', 16),
]);
