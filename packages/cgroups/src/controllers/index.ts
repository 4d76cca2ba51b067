import { checkRules } from '../devices/rules.ts';
import type { Resources } from '../resources.ts';
import type { CgroupVersion, Circumstances, Controller, Setting } from '../setting.ts';
import { CgroupError } from '../error.ts';
import { checkRecord, invalid } from '../value.ts';
import { cpu } from './cpu.ts';
import { cpuset } from './cpuset.ts';
import { hugetlb } from './hugetlb.ts';
import { io } from './io.ts';
import { memory } from './memory.ts';
import { misc } from './misc.ts';
import { netCls, netPrio } from './net.ts';
import { pids } from './pids.ts';
import { rdma } from './rdma.ts';
import { suggest } from './suggest.ts';
import { controllerOf, unified } from './unified.ts';

/** All controllers, in the order in which they are written: a process may enter a cpuset only when it has been filled. */
export const controllers: readonly Controller[] = [
  cpuset,
  cpu,
  memory,
  pids,
  io,
  hugetlb,
  rdma,
  misc,
  netCls,
  netPrio,
  unified,
];

const keys: readonly string[] = [...controllers.flatMap((one) => one.keys), 'devices'];

/**
 * The writes that resources come to, in the order in which they have to be made. Rules about `devices` are not among them.
 *
 * @throws {CgroupError} which names the key: `ERR_INVALID_RESOURCES` for values that can't be, `ERR_NO_CONTROLLER` for keys that the
 * version does not have.
 */
export function settingsOf(
  resources: Resources,
  version: CgroupVersion,
  circumstances: Circumstances = {},
): Setting[] {
  checkResources(resources);
  return controllers.flatMap((one) => one.settings(resources, version, circumstances));
}

/**
 * Refuses resources that can't be on any machine: unknown keys, values out of range, and such as contradict each other.
 *
 * @throws {CgroupError} (`ERR_INVALID_RESOURCES`) which names the key, the value and what would be right.
 */
export function checkResources(resources: Resources): void {
  const expected = "an object such as { memory: '64M', pids: 32 }";
  if (resources === undefined) throw invalid('resources', expected, resources);
  checkRecord(resources, 'resources', expected);
  for (const [key, value] of Object.entries(resources)) {
    if (!keys.includes(key)) throw unknown(key);
    if (value === null)
      throw invalid(key, 'a value; leave the key out to leave it as it is', value);
  }
  for (const controller of controllers) controller.check(resources);
  const { devices } = resources;
  if (devices === undefined) return;
  if (!Array.isArray(devices)) throw invalid('devices', 'a list of rules', devices);
  checkRules(devices);
}

function unknown(key: string): CgroupError {
  const meant = suggest(key, keys);
  const remedy =
    meant === undefined ? `there are ${keys.toSorted().join(', ')}` : `did you mean ${meant}?`;
  return new CgroupError('ERR_INVALID_RESOURCES', `${key}: there is no such limit; ${remedy}`, {
    key,
  });
}

/** The names of the controllers that resources need, as the version calls them. Those that it does not have are left out. */
export function controllersOf(resources: Resources, version: CgroupVersion): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { names: byVersion, keys: own } of controllers) {
    const name = byVersion[version];
    if (name !== undefined && own.some((key) => resources[key] !== undefined)) names.add(name);
  }
  if (version === 1 && resources.devices !== undefined) names.add('devices');
  for (const file of version === 2 ? Object.keys(resources.unified ?? {}) : []) {
    const name = controllerOf(file);
    if (name !== 'cgroup') names.add(name);
  }
  return names;
}
