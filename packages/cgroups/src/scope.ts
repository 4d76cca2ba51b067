import { existsSync } from 'node:fs';
import process from 'node:process';
import { checkResources } from './controllers/index.ts';
import { CgroupError } from './error.ts';
import { withCleanup } from './failure.ts';
import { readLayout, type Layout } from './layout.ts';
import { checkPlace } from './place.ts';
import type { Member } from './plan.ts';
import type { Resources } from './resources.ts';
import type { WaitOptions } from './systemd/wait.ts';
import { updateMembers } from './update.ts';

/** A cgroup that systemd is to make. */
export interface ScopeOptions extends Resources, WaitOptions {
  readonly name: string;
  /** What the name of the unit begins with. */
  readonly parent?: string | undefined;
  /** The slice that it is in; `system.slice` by default. */
  readonly slice?: string | undefined;
  /** The processes to put into it: at least one, as systemd has no empty scopes. */
  readonly processes: readonly number[];
  /** The manager of a user instead of the system's; so by default, unless this is root. */
  readonly user?: boolean | undefined;
}

/**
 * Has systemd put processes into a transient scope of their own, with limits: systemd.scope(5). What systemd has no words for is
 * written into the files of the scope's cgroup, which is delegated to whoever starts it. It goes as its last process ends.
 *
 * @returns the scope's cgroup, in each hierarchy.
 * @throws {CgroupError} `ERR_NO_SYSTEMD` where none answers, `EEXIST` where there is such a unit, and as for any other cgroup. The
 * scope has been stopped then, its processes with it.
 */
export async function startScopeMembers(
  options: ScopeOptions,
  layout: Layout = readLayout(),
): Promise<readonly Member[]> {
  const { name, parent, slice, processes, user = process.geteuid?.() !== 0, ...others } = options;
  const { signal, timeout, ...resources } = others;
  checkPlace({ name, parent });
  checkResources(resources);
  const version = layout.mode === 'v2' ? 2 : 1;
  const wait = { ...(signal ? { signal } : {}), ...(timeout === undefined ? {} : { timeout }) };
  // Only now: the client of its bus is large.
  const { scopeName, startScope, stopScope, systemd } = await import('./systemd/index.ts');
  await using connection = await systemd({ user, ...wait });
  const unit = scopeName({ name, ...(parent === undefined ? {} : { parent }) });
  const { controlGroup, remaining } = await startScope(connection, {
    unit,
    ...(slice === undefined ? {} : { slice }),
    pids: processes,
    resources,
    version,
    ...wait,
  });
  const members = membersAt(controlGroup, layout);
  try {
    const rest = Object.entries(resources).filter(([key]) =>
      (remaining as readonly string[]).includes(key),
    );
    if (rest.length > 0) updateMembers(members, Object.fromEntries(rest));
    return members;
  } catch (error) {
    await stopScope(connection, unit, { kill: true }).catch((failure: unknown) => {
      throw withCleanup(error, failure);
    });
    throw error;
  }
}

/** The directories that a path has in the hierarchies. Those of version 1 that systemd does not use have none. */
function membersAt(path: string, { hierarchies }: Layout): readonly Member[] {
  const members = hierarchies
    .map(({ version, controllers, mountPoint }) => ({
      version,
      controllers,
      path: `${mountPoint}${path}`,
      made: [],
    }))
    .filter((member) => existsSync(member.path));
  if (members.length > 0) return members;
  throw new CgroupError(
    'ERR_CGROUP_REMOVED',
    `the cgroup ${path} that systemd has made is not there: its processes have ended already, or it is outside of what is mounted here`,
    { path },
  );
}
