import { arch } from 'node:process';
import { capabilities } from '@ts-c/capabilities';
import { callFeatures } from './calls.ts';
import { cgroupFeatures } from './cgroups.ts';
import { lookAtHost, type Host } from './host.ts';
import { mountFeatures } from './mounts.ts';
import { namespaceFeatures } from './namespaces.ts';
import { securityFeatures } from './security.ts';
import type { Feature, Features } from './types.ts';
import { userFeatures } from './users.ts';

export type { Feature, Features } from './types.ts';

/**
 * Finds out what this kernel and this user can do, and what is behind each "no". What can be tried without a trace is tried, in
 * processes and namespaces that end with the question; the rest is looked up.
 */
export async function features(): Promise<Features> {
  const host = lookAtHost();
  const [calls, namespaces, mounts] = await Promise.all([
    callFeatures(host),
    namespaceFeatures(host),
    mountFeatures(host),
  ]);
  return {
    kernel: { release: host.release, architecture: arch },
    user: userOf(host),
    features: [
      ...kernelFeatures(host),
      ...namespaces,
      ...userFeatures(host),
      ...mounts,
      ...calls,
      ...cgroupFeatures(host),
      ...securityFeatures(host),
    ],
  };
}

function userOf(host: Host): Features['user'] {
  const last = Number(host.sysctl('kernel.cap_last_cap') ?? Number.POSITIVE_INFINITY);
  const known = (Object.keys(capabilities) as (keyof typeof capabilities)[]).filter(
    (name) => capabilities[name] <= last,
  );
  return {
    uid: host.uid,
    ...(host.name === undefined ? {} : { name: host.name }),
    capabilities: known.filter((name) => host.has(name)),
    missingCapabilities: known.filter((name) => !host.has(name)),
  };
}

/** The oldest kernel that containers are made on. */
const floor = [5, 14] as const;

function kernelFeatures({ release }: Host): Feature[] {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10));
  const isNew = major > floor[0] || (major === floor[0] && minor >= floor[1]);
  const isKnown = arch === 'x64' || arch === 'arm64';
  return [
    {
      id: 'kernel',
      title: 'kernel',
      available: isNew && isKnown,
      detail: release,
      ...(isNew ? {} : { reason: `Linux ${floor.join('.')} or later is needed` }),
      ...(isKnown ? {} : { reason: `programs are made for x64 and arm64, and this is ${arch}` }),
    },
  ];
}
