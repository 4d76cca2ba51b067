import { chdir, Memory, type Kernel, type SIGNAL } from '@ts-c/syscall';
import { getcwd } from './calls.ts';
import { changeUser, type ChangeUserOptions } from './change-user.ts';
import { setNoNewPrivileges, setParentDeathSignal } from './privileges.ts';
import { setResourceLimits, type ResourceLimits } from './rlimits.ts';
import { setCapabilities } from './set-capabilities.ts';
import { keepSets, type Keep } from './sets.ts';
import type { ResolvedUser } from './user.ts';

/** The last steps of a process in front of its command. */
export interface Finalization extends Omit<ChangeUserOptions, 'keep'> {
  /** Capabilities to keep: all others leave every set. */
  readonly keep: Keep;
  /** Whom to become; without it the user stays. */
  readonly user?: ResolvedUser;
  readonly noNewPrivileges?: boolean;
  readonly resourceLimits?: ResourceLimits;
  /** Where to go, once the user is who it is to be: that user has to be let in. */
  readonly workingDirectory?: string;
  /** Set again at the end, as the change of user clears it. */
  readonly parentDeathSignal?: (typeof SIGNAL)[keyof typeof SIGNAL];
  /** The parent's process id, to notice that it has ended: see {@link setParentDeathSignal}. */
  readonly parent?: number;
}

/**
 * Gives up what the command is not to have, in the one order that works: limits, the bounding set, the user with its capabilities
 * kept across the change, the other capability sets, and then the working directory. The umask stays as it is; closeOnExec belongs right in front of execve(2).
 *
 * @throws {Error} what the functions for the single steps throw; `ERR_OUTSIDE_OF_ROOT` where the working directory can't be
 *   reached from the root (CVE-2024-21626).
 */
export function finalize(kernel: Kernel, options: Finalization): void {
  const { keep, user, workingDirectory, parentDeathSignal, parent } = options;
  if (options.resourceLimits) setResourceLimits(kernel, options.resourceLimits);
  if (user) changeUser(kernel, user, options);
  else setCapabilities(kernel, keepSets(keep), options);
  if (workingDirectory !== undefined) enter(kernel, workingDirectory);
  if (options.noNewPrivileges) setNoNewPrivileges(kernel);
  if (parentDeathSignal !== undefined) setParentDeathSignal(kernel, parentDeathSignal, parent);
}

const slash = '/'.charCodeAt(0);

function enter(kernel: Kernel, directory: string): void {
  kernel.section('@ts-c/capabilities', 'the working directory', () => {
    kernel.call(chdir, directory);
    // A directory outside of the root has no path in it, and getcwd(2) says "(unreachable)".
    const buffer = new Memory(4096);
    kernel.call(getcwd, buffer, buffer.size);
    kernel.expect(
      kernel.load(buffer, 0, 4),
      { equals: slash, mask: 0xff },
      {
        code: 'ERR_OUTSIDE_OF_ROOT',
        message: `the working directory ${directory} leads out of the container`,
      },
    );
  });
}
