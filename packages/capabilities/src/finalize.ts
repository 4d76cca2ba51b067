import { chdir, Memory, PR, type Kernel, type SIGNAL } from '@ts-c/syscall';
import { getcwd, prctlSwitch, setgroups, setresgid, setresuid } from './calls.ts';
import { setNoNewPrivileges, setParentDeathSignal } from './privileges.ts';
import { setResourceLimits, type ResourceLimits } from './rlimits.ts';
import { applySets, checkSets, dropBounding, expectHeld, type DropOptions } from './set-capabilities.ts';
import { keepSets, type Keep } from './sets.ts';
import type { ResolvedUser } from './user.ts';

const owner = '@ts-c/capabilities';

/** How to change the user. */
export interface ChangeUserOptions {
  /** May supplementary groups be set? In a user namespace whose maps its own process has written they may not. */
  readonly setgroups?: boolean;
}

/**
 * Makes the thread, or the process of a Program, another user: supplementary groups, then the group, then the user, since each is
 * possible only before the next. See setgroups(2) and setresuid(2).
 */
export function changeUser(kernel: Kernel, user: ResolvedUser, options: ChangeUserOptions = {}): void {
  const { uid, gid, additionalGids } = user;
  kernel.section(owner, 'the user', () => {
    if (options.setgroups ?? true) kernel.call(setgroups, additionalGids.length, groupList(additionalGids));
    kernel.call(setresgid, gid, gid, gid);
    kernel.call(setresuid, uid, uid, uid);
  });
}

function groupList(gids: readonly number[]): Memory {
  const memory = new Memory(Math.max(4, 4 * gids.length));
  gids.forEach((gid, index) => memory.set('u32', 4 * index, gid));
  memory.describe = () => `[${gids.join(', ')}]`;
  return memory;
}

/** The last steps of a process in front of its command. */
export interface Finalization extends DropOptions, ChangeUserOptions {
  /** Capabilities to keep: all others leave every set. */
  readonly keep: Keep;
  readonly user: ResolvedUser;
  readonly noNewPrivileges?: boolean;
  readonly resourceLimits?: ResourceLimits;
  /** Where to go, once the user is who it is to be: that user has to be let in. */
  readonly workingDirectory?: string;
  /** Set again at the end, as the change of user clears it. */
  readonly parentDeathSignal?: (typeof SIGNAL)[keyof typeof SIGNAL];
}

/**
 * Gives up what the command is not to have, in the one order that works: limits, the bounding set, the user with its capabilities
 * kept across the change, the other capability sets, and then the working directory.
 *
 * @throws {Error} where the options can't be. What the kernel refuses fails the step.
 */
export function finalize(kernel: Kernel, options: Finalization): void {
  const { user, workingDirectory, parentDeathSignal } = options;
  const sets = keepSets(options.keep);
  checkSets(sets);
  if (options.resourceLimits) setResourceLimits(kernel, options.resourceLimits);
  expectHeld(kernel, sets.permitted, true);
  dropBounding(kernel, sets.bounding, options);
  kernel.section(owner, 'keep capabilities', () => kernel.call(prctlSwitch, PR.SET_KEEPCAPS, 1));
  changeUser(kernel, user, options);
  kernel.section(owner, 'keep capabilities no longer', () => kernel.call(prctlSwitch, PR.SET_KEEPCAPS, 0));
  applySets(kernel, sets);
  if (workingDirectory !== undefined) enter(kernel, workingDirectory);
  if (options.noNewPrivileges) setNoNewPrivileges(kernel);
  if (parentDeathSignal !== undefined) setParentDeathSignal(kernel, parentDeathSignal);
}

const slash = '/'.charCodeAt(0);

function enter(kernel: Kernel, directory: string): void {
  kernel.section(owner, 'the working directory', () => {
    kernel.call(chdir, directory);
    // A directory outside of the root has no path in it, and getcwd(2) says "(unreachable)".
    const buffer = new Memory(4096);
    kernel.call(getcwd, buffer, buffer.size);
    kernel.expect(
      kernel.load(buffer, 0, 4),
      { equals: slash, mask: 0xff },
      { code: 'ERR_OUTSIDE_OF_ROOT', message: `the working directory ${directory} leads out of the container` },
    );
  });
}
