import { join } from 'node:path';
import { corrupt, readFile, temporaryName, writeFile } from '../files.ts';
import { formatJson } from '../json/format.ts';
import { parseJson } from '../json/parse.ts';
import { toPlain } from '../json/value.ts';
import type { ProcessIdentity } from '../process.ts';
import { stateFileNames } from '../state.ts';

/** What is known of a container, for as long as it has a directory in the store. */
export interface ContainerRecord {
  readonly id: string;
  /** When it was made: a time in ISO 8601. */
  readonly created: string;
  /** Pid 1 of the container; not known in the first moments. */
  readonly init?: ProcessIdentity;
  /** The process that waits for `init`, and removes this directory afterwards. */
  readonly supervisor?: ProcessIdentity;
  /** The directory that its configuration comes from. */
  readonly bundle?: string;
  readonly rootfs?: string;
  readonly command: readonly string[];
  /** Does the record stay when the container has ended, until somebody removes it? */
  readonly keep?: boolean;
  /** The description that it was made from: whatever JSON can hold. */
  readonly config?: unknown;
  /** Where its cgroup is, for who has to remove that: whatever JSON can hold. */
  readonly cgroup?: unknown;
  /** The state of its network: whatever JSON can hold. */
  readonly network?: unknown;
}

/** The number in a record that says how to read it. */
const version = 1;
const recordName = 'container.json';

/** The FIFO that a container waits at, from its creation to its start. */
export const gateName = 'exec.fifo';
/** How a kept container has ended: the first 32 bytes of the siginfo_t that waitid(2) filled. */
export const exitName = 'exit';

/** Every name that may be in a container's directory: whoever removes it unlinks these, then the directory. */
export const recordFileNames: readonly string[] = [
  recordName,
  temporaryName(recordName),
  ...stateFileNames,
  exitName,
  gateName,
];

/** Writes a record into the directory of its container, whole or not at all. */
export function writeRecord(directory: string, record: ContainerRecord): void {
  // In this order.
  const { id, created, init, supervisor, bundle, rootfs, command, keep } = record;
  const { config, cgroup, network } = record;
  const processes = { init, supervisor };
  const fields = {
    version,
    id,
    created,
    ...processes,
    bundle,
    rootfs,
    command,
    keep,
    config,
    cgroup,
    network,
  };
  writeFile(directory, recordName, `${formatJson(fields)}\n`, 0o600);
}

/**
 * Reads the record in the directory of a container.
 *
 * @returns undefined where there is none yet.
 * @throws {StateError} `ERR_STATE_CORRUPT`, which names the file and what is wrong with it.
 */
export function readRecord(directory: string, id: string): ContainerRecord | undefined {
  const path = join(directory, recordName);
  const bytes = readFile(path);
  if (!bytes) return undefined;
  let value: unknown;
  try {
    value = toPlain(parseJson(bytes.toString()).value);
  } catch (error) {
    throw corrupt(path, error instanceof Error ? error.message : String(error), error);
  }
  const problem = problemOf(value, id);
  if (problem) throw corrupt(path, problem);
  const { version: _, ...record } = value as ContainerRecord & { readonly version: number };
  return record;
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string' && !value.includes('\0');
const isIdentity: Check = (value) =>
  isObject(value) &&
  Number.isInteger(value['pid']) &&
  Number(value['pid']) > 0 &&
  Number(value['pid']) < 2 ** 31 &&
  typeof value['startTime'] === 'string' &&
  /^\d+$/.test(value['startTime']);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const checks: Readonly<Record<string, Check>> = {
  created: (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
  init: optional(isIdentity),
  supervisor: optional(isIdentity),
  bundle: optional(isText),
  rootfs: optional(isText),
  command: (value) => Array.isArray(value) && value.every(isText),
  keep: optional((value) => typeof value === 'boolean'),
};

function problemOf(value: unknown, id: string): string | undefined {
  if (!isObject(value)) return 'its content is not an object';
  if (value['version'] !== version) {
    return `its version is ${String(value['version'])}, and only ${version} is known here`;
  }
  if (value['id'] !== id) return 'it is about another container';
  const wrong = Object.entries(checks).find(([key, check]) => !check(value[key]));
  return wrong && `${wrong[0]} is not what it should be`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
