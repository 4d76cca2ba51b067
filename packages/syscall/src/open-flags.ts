import type { Arch } from './arch.ts';

/** Flags of open(2), as on x86-64. Where arm64 has other bits they are translated when the call is made. */
export const OPEN = {
  RDONLY: 0,
  WRONLY: 1,
  RDWR: 2,
  CREAT: 0o100,
  EXCL: 0o200,
  NOCTTY: 0o400,
  TRUNC: 0o1000,
  APPEND: 0o2000,
  NONBLOCK: 0o4000,
  DIRECT: 0o40000,
  DIRECTORY: 0o200000,
  NOFOLLOW: 0o400000,
  CLOEXEC: 0o2000000,
  PATH: 0o10000000,
} as const;

const arm64: readonly (readonly [from: bigint, to: bigint])[] = [
  [0o40000n, 0o200000n], // O_DIRECT
  [0o100000n, 0o400000n], // O_LARGEFILE
  [0o200000n, 0o40000n], // O_DIRECTORY
  [0o400000n, 0o100000n], // O_NOFOLLOW
];

function translate(value: bigint, arch: Arch): bigint {
  if (arch === 'x64') return value;
  let result = value;
  for (const [from] of arm64) result &= ~from;
  for (const [from, to] of arm64) if ((value & from) !== 0n) result |= to;
  return result;
}

/** The flags for a parameter or a field. */
export const openFlags = {
  table: Object.fromEntries(Object.entries(OPEN).map(([name, value]) => [`O_${name}`, value])),
  translate,
};
