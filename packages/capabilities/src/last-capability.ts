import { readFileSync } from 'node:fs';
import { live, PR } from '@ts-c/syscall';
import { prctlCapability } from './calls.ts';
import { lastKnown, lastPossible } from './names.ts';

let found: number | undefined;

/**
 * The highest capability that the kernel of this machine knows: what /proc/sys/kernel/cap_last_cap says, else found out by
 * prctl(2). Where neither works, as on a system that is not Linux, it is the highest that has a name here. Looked up once.
 */
export function lastCapability(): number {
  found ??= fromProc() ?? probe() ?? lastKnown;
  return found;
}

function fromProc(): number | undefined {
  try {
    const text = readFileSync('/proc/sys/kernel/cap_last_cap', 'latin1').trim();
    return /^\d{1,2}$/.test(text) && Number(text) <= lastPossible ? Number(text) : undefined;
  } catch {
    // Hidden or absent /proc: the kernel can be asked another way.
    return undefined;
  }
}

/** PR_CAPBSET_READ answers EINVAL for what the kernel does not know. */
function probe(): number | undefined {
  try {
    let known: number | undefined;
    live.attempt(['EINVAL'], () => {
      for (let number = 0; number <= lastPossible; number++) {
        live.call(prctlCapability, PR.CAPBSET_READ, number);
        known = number;
      }
    });
    return known;
  } catch {
    // No Linux, or a seccomp filter that knows no prctl(2).
    return undefined;
  }
}
