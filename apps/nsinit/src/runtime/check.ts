import { readFileSync, realpathSync, statSync } from 'node:fs';
import process from 'node:process';
import { checkString } from '@ts-c/syscall';
import { checkMappings, sortRequests, type NamespaceKind } from '@ts-c/namespaces';
import type { ContainerDescription } from '../description.ts';

/** A description that can't become a container: which field, and what to do about it. */
export class DescriptionError extends Error {
  override readonly name = 'DescriptionError';
  readonly code = 'ERR_CONTAINER_DESCRIPTION';
  /** The field that is wrong: `rootfs`, `mounts[2].destination`. */
  readonly field: string;

  constructor(field: string, message: string, options?: ErrorOptions) {
    super(`${field}: ${message}`, options);
    this.field = field;
  }
}

/**
 * Looks a description over before anything is made.
 *
 * @throws {DescriptionError} for the first field that can't be.
 */
export function checkDescription(description: ContainerDescription): void {
  checkCommand(description.command);
  checkEnvironment(description.environment);
  checkNamespaces(description);
  const { workingDirectory, rootfs, network } = description;
  if (network !== undefined) checkNetwork(network);
  if (workingDirectory !== undefined) checkAbsolute('workingDirectory', workingDirectory);
  if (rootfs !== undefined) checkRootfs(rootfs);
}

/** That it is of the right shape; the rest is up to whoever plans it. */
function checkNetwork(network: NonNullable<ContainerDescription['network']>): void {
  if (!Array.isArray((network as Partial<typeof network> | null)?.networks))
    throw new DescriptionError(
      'network.networks',
      "expected a list of devices, such as { networks: [{ type: 'loopback' }, { type: 'veth' }] }",
    );
  const { dns } = network;
  if (Array.isArray(dns) || (dns !== undefined && typeof dns !== 'object'))
    throw new DescriptionError(
      'network.dns',
      "expected an object, such as { servers: ['9.9.9.9'] }",
    );
}

function checkCommand(command: readonly string[]): void {
  if (command.length === 0 || command[0] === '') {
    throw new DescriptionError(
      'command',
      'there is none; name the program to run in the container',
    );
  }
  command.forEach((word, index) => checkText(`command[${index}]`, word));
}

function checkEnvironment(environment: readonly string[]): void {
  environment.forEach((entry, index) => {
    checkText(`environment[${index}]`, entry);
    if (entry.indexOf('=') < 1) {
      throw new DescriptionError(
        `environment[${index}]`,
        `expected KEY=VALUE, got ${JSON.stringify(entry)}`,
      );
    }
  });
}

/** What each field needs, so that nothing that is meant for the container is done to the host. */
function checkNamespaces(description: ContainerDescription): void {
  const { created, joined } = convert('namespaces', () => sortRequests(description.namespaces));
  const joins = new Set<NamespaceKind>(joined.map(({ kind }) => kind));
  if (!created.has('mount') && !joins.has('mount')) {
    throw new DescriptionError(
      'namespaces',
      'a container needs a mount namespace (NEWNS); without one its mounts would be the host’s',
    );
  }
  const needs = (field: keyof ContainerDescription, kind: NamespaceKind, key: string): void => {
    const value = description[field];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) return;
    if (!created.has(kind))
      throw new DescriptionError(field, `needs a new ${kind} namespace (${key})`);
  };
  needs('hostname', 'uts', 'NEWUTS');
  needs('domainname', 'uts', 'NEWUTS');
  needs('uidMappings', 'user', 'NEWUSER');
  needs('gidMappings', 'user', 'NEWUSER');
  needs('timeOffsets', 'time', 'NEWTIME');
  needs('mounts', 'mount', 'NEWNS');
  for (const field of ['hostname', 'domainname'] as const) {
    const name = description[field];
    if (name === undefined) continue;
    checkText(field, name);
    if (Buffer.byteLength(name) > 64) throw new DescriptionError(field, 'is longer than 64 bytes');
  }
  convert('uidMappings', () => checkMappings('uidMappings', description.uidMappings ?? []));
  convert('gidMappings', () => checkMappings('gidMappings', description.gidMappings ?? []));
}

function checkRootfs(rootfs: string): void {
  checkAbsolute('rootfs', rootfs);
  let real: string;
  try {
    real = realpathSync(rootfs);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = missing ? 'does not exist' : `can't be opened (${(error as Error).message})`;
    throw new DescriptionError('rootfs', `${JSON.stringify(rootfs)} ${reason}`, { cause: error });
  }
  if (!statSync(real).isDirectory())
    throw new DescriptionError('rootfs', `${JSON.stringify(rootfs)} is not a directory`);
  if (real === '/') {
    throw new DescriptionError(
      'rootfs',
      '"/" is this machine’s own root; leave rootfs out to get a throw-away view of it',
    );
  }
}

/**
 * Looks whether this process may bring a container up. Writing one down takes no privilege.
 *
 * @throws {DescriptionError}
 */
export function checkPrivileges({ namespaces, network }: ContainerDescription): void {
  if (!namespaces.user && !hasCapability(CAP_SYS_ADMIN))
    throw new DescriptionError(
      'namespaces',
      'creating namespaces needs root (CAP_SYS_ADMIN); as an ordinary user ask for a user namespace as well (--userns, NEWUSER)',
    );
  const outer = network?.networks.find(({ type = '' }) => outerTypes.includes(type));
  if (outer && !hasCapability(CAP_NET_ADMIN))
    throw new DescriptionError(
      'network',
      `a ${outer.type} is a device of this machine, for which root is needed (CAP_NET_ADMIN), with a user namespace as well; without that there are the loopback alone (--network none) and the network of this machine (--network host)`,
    );
}

/** What of a network is made outside of the container. */
const outerTypes: readonly string[] = ['veth', 'macvlan', 'ipvlan', 'phys'];

const CAP_NET_ADMIN = 12n;
const CAP_SYS_ADMIN = 21n;

/** Does this process have a capability? See capabilities(7). */
function hasCapability(capability: bigint): boolean {
  try {
    const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(
      readFileSync('/proc/self/status', 'utf8'),
    )?.[1];
    return effective !== undefined && ((BigInt(`0x${effective}`) >> capability) & 1n) === 1n;
  } catch {
    return process.geteuid?.() === 0;
  }
}

function checkAbsolute(field: string, path: string): void {
  checkText(field, path);
  if (!path.startsWith('/'))
    throw new DescriptionError(field, `expected an absolute path, got ${JSON.stringify(path)}`);
}

function checkText(field: string, text: string): void {
  convert(field, () => checkString(field, text));
}

/** Errors of the packages say what is wrong; here they also say where. */
function convert<T>(field: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    const message = (error as Error).message;
    // Some name a part of the field themselves: `uidMappings[0].size: …`.
    const [, named = field, rest = message] = message.startsWith(field)
      ? (/^([^\s:]+): (.*)$/s.exec(message) ?? [])
      : [];
    throw new DescriptionError(named, rest, { cause: error });
  }
}
