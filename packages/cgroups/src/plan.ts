import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { choose, type Choice } from './choose.ts';
import { checkResources } from './controllers/index.ts';
import { CgroupError } from './error.ts';
import { readLayout, type Hierarchy, type Layout } from './layout.ts';
import {
  checkPlace,
  isWritable,
  passesOn,
  readWords,
  wayTo,
  type Place,
  type Way,
} from './place.ts';
import { childrenOf, processesIn } from './remove.ts';
import type { Resources } from './resources.ts';
import type { Circumstances } from './setting.ts';
import { unavailable, writeStep, type Step, type WriteStep } from './step.ts';

/** A cgroup in one hierarchy. */
export interface Member {
  readonly version: 1 | 2;
  readonly controllers: readonly string[];
  /** Its directory. */
  readonly path: string;
  /** Directories above it that are made for it, innermost first: they go with it, unless somebody else uses them by then. */
  readonly made: readonly string[];
}

/** A cgroup, planned: all that is to be done for it, as data. */
export interface CgroupPlan {
  readonly name: string;
  readonly mode: Layout['mode'];
  /** Where it is to be, in each hierarchy. */
  readonly members: readonly Member[];
  /** What is to be done, in order. */
  readonly steps: readonly Step[];
}

// What every cgroup is given where it is to be had: it limits nothing unless told to, and measures, freezes or guards.
const usual: Readonly<Record<1 | 2, readonly string[]>> = {
  1: ['cpu', 'cpuacct', 'memory', 'pids', 'blkio', 'devices', 'freezer', 'perf_event'],
  2: ['cpu', 'memory', 'pids', 'io'],
};

/** A hierarchy, seen from where the cgroup is to be. */
interface Branch extends Hierarchy {
  readonly way: Way;
  /** The directory of the cgroup. */
  readonly path: string;
  /** Is it there already? */
  readonly exists: boolean;
  /** The directories above it that are missing, outermost first. */
  readonly missing: readonly string[];
}

/**
 * Plans a cgroup: looks up how cgroups are laid out and what exists already, and changes nothing.
 *
 * @throws {CgroupError} for names and resources that can't be, for resources whose controller is not there
 * (`ERR_NO_CONTROLLER`), and where the cgroup is in use already (`ERR_CGROUP_BUSY`).
 */
export function planCgroup(
  place: Place,
  resources: Resources,
  layout: Layout = readLayout(),
): CgroupPlan {
  checkPlace(place);
  checkResources(resources);
  const branches = layout.hierarchies.map((hierarchy) => branchOf(hierarchy, place));
  const choices = choose(resources, branches, circumstancesOf);
  const members: Member[] = [];
  const steps: Step[] = [];
  for (const branch of branches) {
    const own = choices.filter(({ candidate }) => candidate === branch);
    if (own.length === 0 && !isUsual(branch)) continue;
    const { version, controllers, path, missing } = branch;
    if (branch.exists) {
      checkUnused(path);
      steps.push({ kind: 'replace', path });
    }
    members.push({ version, controllers, path, made: missing.toReversed() });
    steps.push(...(version === 2 ? stepsOf2(branch, own) : stepsOf1(branch)));
  }
  // Limits come after all of the directories: what can't be made is known before anything is limited.
  for (const { candidate, settings, devices } of choices) {
    const { path } = candidate;
    steps.push(...settings.map((setting) => writeStep(path, setting)));
    if (devices) steps.push({ kind: 'devices', path, rules: devices });
  }
  return { name: place.name, mode: layout.mode, members, steps };
}

/** May this process make what is planned, as far as the files tell? */
export function isPossible({ members }: CgroupPlan): boolean {
  return (
    members.length > 0 &&
    members.every(({ path, made }) => isWritable(dirname(made.at(-1) ?? path)))
  );
}

function branchOf(hierarchy: Hierarchy, place: Place): Branch {
  const way = wayTo(place, hierarchy);
  const { version, own } = hierarchy;
  const controllers =
    version === 1 || way.base === own
      ? hierarchy.controllers
      : readWords(`${way.base}/cgroup.controllers`);
  const path = way.directories.at(-1) as string;
  const missing = way.directories.slice(0, -1).filter((directory) => !existsSync(directory));
  return { ...hierarchy, controllers, way, path, exists: existsSync(path), missing };
}

/** Is a hierarchy of use to a cgroup that limits nothing in it? Not, if it can't be had. */
function isUsual(branch: Branch): boolean {
  const { version, controllers } = branch;
  const isWanted = version === 2 || controllers.some((name) => usual[1].includes(name));
  return isWanted && isWritable(nearestOf(branch));
}

/** The innermost directory on the way that is there. */
function nearestOf({ path, exists, missing }: Branch): string {
  return exists ? path : dirname(missing[0] ?? path);
}

function checkUnused(path: string): void {
  const processes = processesIn(path);
  if (processes.length === 0 && childrenOf(path).length === 0) return;
  const who =
    processes.length === 0
      ? 'cgroups beneath it'
      : processes.length === 1
        ? `process ${processes[0]}`
        : `${processes.length} processes`;
  throw new CgroupError(
    'ERR_CGROUP_BUSY',
    `the cgroup ${path} is in use by ${who}; choose another name or parent`,
    { path },
  );
}

/** The names of the files that the cgroup will have, as far as one above it tells; that at the root has others. Few ask for them. */
function circumstancesOf(branch: Branch): Circumstances {
  return {
    get files() {
      return listOf(nearestOf(branch));
    },
  };
}

function makeSteps({ directories }: Way): Step[] {
  return directories.map((path, index) => {
    const parent = directories[index - 1];
    const exclusive = index === directories.length - 1;
    return {
      kind: 'make',
      path,
      exclusive,
      ...(exclusive && parent !== undefined ? { parent } : {}),
    };
  });
}

/** Version 1: each directory, and CPUs and memory nodes for it, without which no process could enter. */
function stepsOf1({ controllers, way }: Branch): Step[] {
  const made = makeSteps(way);
  if (!controllers.includes('cpuset')) return made;
  return made.flatMap((step) => [
    step,
    ...['cpuset.cpus', 'cpuset.mems'].flatMap((file) => inherited(way, step.path, file)),
  ]);
}

/** What a cgroup has to take over from those above it, if nobody has given it anything yet. */
function inherited(way: Way, directory: string, file: string): WriteStep[] {
  const isNew = directory === way.directories.at(-1);
  if (!isNew && readLine(`${directory}/${file}`) !== '') return [];
  for (let above = dirname(directory); above.length >= way.base.length; above = dirname(above)) {
    const value = readLine(`${above}/${file}`);
    if (value === '') continue;
    const key = file === 'cpuset.cpus' ? 'cpusetCpus' : 'cpusetMems';
    return [writeStep(directory, { controller: 'cpuset', file, value, key })];
  }
  return [];
}

/** Version 2: each directory, and before it the controllers that its parent has to pass on. */
function stepsOf2(branch: Branch, choices: readonly Choice<Branch>[]): Step[] {
  const { way, controllers } = branch;
  const required = new Map<string, string>();
  for (const { controller, settings } of choices) {
    const key = settings[0]?.key;
    if (controller !== undefined && key !== undefined) required.set(controller, key);
    // What `unified` writes is up to its user, and so is which controllers that takes.
    for (const { key: from, controller: name } of controller === undefined ? settings : [])
      if (controllers.includes(name)) required.set(name, from);
  }
  const steps: Step[] = [];
  for (const step of makeSteps(way)) {
    const parent = dirname(step.path);
    const passed = new Set(readWords(`${parent}/cgroup.subtree_control`));
    const missing = [...required.keys()].filter((name) => !passed.has(name));
    if (parent === way.base && missing.length > 0)
      checkPassesOn(branch, parent, required.get(missing[0] as string));
    for (const name of missing) steps.push(passOn(parent, [name], required.get(name) as string));
    const others = usual[2].filter(
      (name) => controllers.includes(name) && !required.has(name) && !passed.has(name),
    );
    if (others.length > 0 && (parent !== way.base || passesOn(parent)))
      steps.push({ ...passOn(parent, others, 'name'), tolerate: unavailable });
    steps.push(step);
  }
  return steps;
}

function passOn(directory: string, names: readonly string[], key: string): WriteStep {
  return writeStep(directory, {
    controller: 'cgroup',
    file: 'cgroup.subtree_control',
    value: names.map((name) => `+${name}`).join(' '),
    key,
  });
}

/** What can't be written to anyway is refused for that. */
function checkPassesOn({ mountPoint }: Branch, directory: string, key: string | undefined): void {
  if (passesOn(directory) || !isWritable(directory)) return;
  const remedy =
    directory === mountPoint
      ? `in a container, move them first: mkdir ${directory}/init, and echo the number of each process > ${directory}/init/cgroup.procs`
      : 'move them to a cgroup beneath it, or start in a delegated one: systemd-run --scope -p Delegate=yes';
  throw new CgroupError(
    'ERR_CGROUP_BUSY',
    `${key}: ${directory} has processes of its own, and can pass no controllers on while it has (cgroups(7), no internal processes); ${remedy}`,
    { key, path: directory },
  );
}

function listOf(directory: string): ReadonlySet<string> | undefined {
  try {
    return new Set(readdirSync(directory));
  } catch {
    return undefined;
  }
}

function readLine(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
