import { controllers } from './controllers/index.ts';
import { deviceSettings } from './devices/v1.ts';
import type { DeviceRule } from './devices/rule.ts';
import { CgroupError } from './error.ts';
import type { Resources } from './resources.ts';
import type { CgroupVersion, Circumstances, Controller, Setting } from './setting.ts';

/** A hierarchy, or a cgroup in one, that resources may be limited through. */
export interface Candidate {
  readonly version: CgroupVersion;
  readonly controllers: readonly string[];
}

/** What is to be written through one candidate. */
export interface Choice<C extends Candidate> {
  readonly candidate: C;
  /** The controller as its version names it; undefined for `unified`, which belongs to none. */
  readonly controller: string | undefined;
  readonly settings: readonly Setting[];
  /** Rules about devices that only a program can enforce. */
  readonly devices?: readonly DeviceRule[];
}

/**
 * Divides resources up among the hierarchies that have the controllers for them, in the order in which they are to be written.
 *
 * @throws {CgroupError} (`ERR_NO_CONTROLLER`) which names the key and the controller, where no hierarchy has it.
 */
export function choose<C extends Candidate>(
  resources: Resources,
  candidates: readonly C[],
  circumstancesOf: (candidate: C) => Circumstances = () => ({}),
): Choice<C>[] {
  const choices: Choice<C>[] = [];
  for (const controller of controllers) {
    const key = controller.keys.find((name) => resources[name] !== undefined);
    if (key === undefined) continue;
    const { candidate, name } = candidateFor(controller, key, candidates);
    choices.push({
      candidate,
      controller: name,
      settings: controller.settings(resources, candidate.version, circumstancesOf(candidate)),
    });
  }
  if (resources.devices)
    choices.push(chooseDevices(resources.devices, candidates, circumstancesOf));
  return choices;
}

function candidateFor<C extends Candidate>(
  { names }: Controller,
  key: string,
  candidates: readonly C[],
): { readonly candidate: C; readonly name: string | undefined } {
  if (names[1] === undefined && names[2] === undefined) {
    const candidate = candidates.find(({ version }) => version === 2);
    if (candidate) return { candidate, name: undefined };
    throw missing(key, 'its files are of cgroup version 2, which is not mounted here');
  }
  for (const version of [2, 1] as const) {
    const name = names[version];
    const candidate = candidates.find(
      (one) => one.version === version && name !== undefined && one.controllers.includes(name),
    );
    if (candidate) return { candidate, name };
  }
  const name = names[1] ?? names[2];
  throw missing(key, absence(name as string, candidates));
}

function chooseDevices<C extends Candidate>(
  rules: readonly DeviceRule[],
  candidates: readonly C[],
  circumstancesOf: (candidate: C) => Circumstances,
): Choice<C> {
  const first = candidates.find(({ controllers: names }) => names.includes('devices'));
  if (first) {
    const settings = deviceSettings(rules, circumstancesOf(first));
    return { candidate: first, controller: 'devices', settings };
  }
  const second = candidates.find(({ version }) => version === 2);
  if (second) return { candidate: second, controller: undefined, settings: [], devices: rules };
  throw missing('devices', absence('devices', candidates));
}

function absence(name: string, candidates: readonly Candidate[]): string {
  const versions = new Set(candidates.map(({ version }) => version));
  if (!versions.has(2)) return `the ${name} controller is not mounted here`;
  const where = versions.has(1) ? 'neither mounted (version 1) nor' : 'not';
  return `the ${name} controller is ${where} available to this cgroup (version 2); enable it from the root down (echo +${name} > cgroup.subtree_control), or with systemd delegate it (Delegate=${name})`;
}

function missing(key: string, reason: string): CgroupError {
  return new CgroupError('ERR_NO_CONTROLLER', `${key}: ${reason}`, { key });
}
