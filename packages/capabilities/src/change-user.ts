import {
  checkInteger,
  Memory,
  PR,
  setgroups,
  setresgid,
  setresuid,
  type Kernel,
} from '@ts-c/syscall';
import { prctlSwitch } from './calls.ts';
import { highestId } from './passwd.ts';
import {
  applySets,
  checkSets,
  dropBounding,
  expectHeld,
  type DropOptions,
} from './set-capabilities.ts';
import { keepSets, type Keep } from './sets.ts';
import type { ResolvedUser } from './user.ts';

const owner = '@ts-c/capabilities';

/** How to change the user. */
export interface ChangeUserOptions extends DropOptions {
  /**
   * Capabilities to have as that user; all others are dropped, from the bounding set too. Without it the kernel's own rule holds:
   * who leaves user id 0 loses the permitted, effective and ambient capabilities, and the bounding set stays.
   */
  readonly keep?: Keep;
  /** False leaves the supplementary groups alone, for a user namespace in which setgroups(2) is denied. */
  readonly setgroups?: boolean;
}

/**
 * Makes this thread, or the process of a Program, another user: groups first, as only root may set them, then the user, real,
 * effective and saved. See setresuid(2), capabilities(7).
 *
 * Called `live` it changes the calling thread alone; Node's other threads stay who they were.
 *
 * @throws {Error} `EPERM`, naming the capability that is to be kept or is needed and is not held.
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for what is no id.
 */
export function changeUser(
  kernel: Kernel,
  user: ResolvedUser,
  options: ChangeUserOptions = {},
): void {
  const { keep } = options;
  checkIds(user);
  if (keep === undefined) {
    setIds(kernel, user, options);
    return;
  }
  const sets = keepSets(keep);
  checkSets(sets);
  expectHeld(kernel, sets.permitted, true);
  dropBounding(kernel, sets.bounding, options);
  kernel.section(owner, 'keep capabilities', () => kernel.call(prctlSwitch, PR.SET_KEEPCAPS, 1));
  setIds(kernel, user, options);
  kernel.section(owner, 'keep capabilities no longer', () =>
    kernel.call(prctlSwitch, PR.SET_KEEPCAPS, 0),
  );
  applySets(kernel, sets);
}

function setIds(
  kernel: Kernel,
  { uid, gid, additionalGids }: ResolvedUser,
  options: ChangeUserOptions,
): void {
  kernel.section(owner, 'the user', () => {
    if (options.setgroups ?? true)
      kernel.call(setgroups, additionalGids.length, groupList(additionalGids));
    kernel.call(setresgid, gid, gid, gid);
    kernel.call(setresuid, uid, uid, uid);
  });
}

/** The id above the highest means "leave it as it is" to setresuid(2): whoever asks for it would stay root. */
function checkIds({ uid, gid, additionalGids }: ResolvedUser): void {
  checkInteger('uid', uid, 0, highestId);
  checkInteger('gid', gid, 0, highestId);
  additionalGids.forEach((id, index) => checkInteger(`additionalGids[${index}]`, id, 0, highestId));
}

function groupList(gids: readonly number[]): Memory {
  const memory = new Memory(Math.max(4, 4 * gids.length));
  gids.forEach((gid, index) => memory.set('u32', 4 * index, gid));
  memory.describe = () => `[${gids.join(', ')}]`;
  return memory;
}
