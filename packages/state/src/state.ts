import { join } from 'node:path';
import { checkInteger, checkString } from '@ts-c/syscall';
import { corrupt, readFile, removeFile, temporaryName, writeFile } from './files.ts';
import { formatJson } from './json/format.ts';
import { parseJson } from './json/parse.ts';
import { JsonNumber, JsonObject, type Json } from './json/value.ts';

/** What the network strategies of a container have made. */
export interface NetworkState {
  /** Name of the veth link on the host. */
  readonly veth_host?: string;
  /** Name of its peer, before the container renames it. */
  readonly veth_child?: string;
  /** Path of the network namespace that was joined. */
  readonly ns_path?: string;
}

/** A running container, as libcontainer 1.1.0 writes it to `state.json`. */
export interface State {
  /** Pid of the container's init, in the pid namespace of who started it. */
  readonly init_pid?: number;
  /** When it started, in clock ticks since the boot. */
  readonly init_start_time?: string;
  readonly network_state: NetworkState;
}

const fileName = 'state.json';
const greatestPid = 2 ** 31 - 1;

/** Every name that {@link saveState} may leave in a directory, also when the process is killed meanwhile. */
export const stateFileNames: readonly string[] = [fileName, temporaryName(fileName)];

/**
 * Writes `state.json` into a directory (`''` is the current one), byte for byte as libcontainer 1.1.0 does, yet whole or not at
 * all whenever the process or the machine stops.
 *
 * @throws {TypeError} where a value is not what its type says.
 * @throws {StateError} `ERR_LOCKED` where another process is writing it at this moment.
 */
export function saveState(directory: string, state: State): void {
  const { init_pid = 0, init_start_time = '' } = state;
  const { veth_host = '', veth_child = '', ns_path = '' } = state.network_state;
  checkInteger('init_pid', init_pid, 0n, BigInt(greatestPid));
  for (const [name, text] of Object.entries({ init_start_time, veth_host, veth_child, ns_path })) {
    checkString(name, text);
  }
  const document = {
    init_pid: init_pid || undefined,
    init_start_time: init_start_time || undefined,
    network_state: {
      veth_host: veth_host || undefined,
      veth_child: veth_child || undefined,
      ns_path: ns_path || undefined,
    },
  };
  writeFile(directory || '.', fileName, `${formatJson(document)}\n`, 0o666);
}

/**
 * Reads `state.json` of a directory, as tolerant as 1.1.0: the case of keys, unknown keys and what follows the first JSON value
 * do not matter, and `null` is no state.
 *
 * @returns undefined where there is none.
 * @throws {StateError} `ERR_STATE_CORRUPT` where the file holds something else.
 */
export function getState(directory: string): State | undefined {
  const path = join(directory, fileName);
  const bytes = readFile(path);
  if (!bytes) return undefined;
  let value: Json;
  try {
    ({ value } = parseJson(bytes.toString()));
  } catch (error) {
    throw corrupt(path, error instanceof Error ? error.message : String(error), error);
  }
  if (value === null) return undefined;
  const fields = new Fields(path, '', value);
  const network = new Fields(path, 'network_state.', fields.get('network_state'));
  return {
    ...fields.pid('init_pid'),
    ...fields.text('init_start_time'),
    network_state: {
      ...network.text('veth_host'),
      ...network.text('veth_child'),
      ...network.text('ns_path'),
    },
  };
}

/** Removes `state.json` from a directory. That there is none is fine. */
export function deleteState(directory: string): void {
  for (const name of stateFileNames) removeFile(join(directory, name));
}

/** Members of an object by name, of which none has to be there. */
class Fields {
  readonly #path: string;
  readonly #prefix: string;
  readonly #object: JsonObject;

  constructor(path: string, prefix: string, value: Json | undefined) {
    this.#path = path;
    this.#prefix = prefix;
    if (value !== undefined && value !== null && !(value instanceof JsonObject)) {
      throw corrupt(path, `${prefix.slice(0, -1) || 'its content'} is not an object`);
    }
    this.#object = value ?? new JsonObject([]);
  }

  get(name: string): Json | undefined {
    return this.#object.get(name) ?? undefined;
  }

  text<N extends string>(name: N): { readonly [K in N]?: string } {
    const value = this.get(name);
    if (value === undefined || value === '') return {};
    if (typeof value !== 'string') this.#refuse(name, 'is not a string');
    if (value.includes('\0')) this.#refuse(name, 'has a NUL byte in it');
    return { [name]: value } as { [K in N]: string };
  }

  pid<N extends string>(name: N): { readonly [K in N]?: number } {
    const value = this.get(name);
    if (value === undefined) return {};
    const pid = value instanceof JsonNumber ? value.integer : undefined;
    // A negative one would stand for a group of processes, or for all.
    if (pid === undefined || pid < 0n || pid > BigInt(greatestPid)) {
      this.#refuse(name, 'is not a process id');
    }
    return (pid === 0n ? {} : { [name]: Number(pid) }) as { [K in N]?: number };
  }

  #refuse(name: string, problem: string): never {
    throw corrupt(this.#path, `${this.#prefix}${name} ${problem}`);
  }
}
