import { CgroupError, checkPlace, checkResources } from '@ts-c/cgroups';
import { resourcesOf, withoutKey } from '../../cgroup.ts';
import { describeCgroup } from '../describe-cgroup.ts';
import type { Issues } from '../issues.ts';
import { configKey } from '../known.ts';
import type { Config } from '../types.ts';

/** Checks `cgroups`: all that can be said without looking at the machine. */
export function checkCgroups({ cgroups }: Config, issues: Issues): void {
  if (cgroups === undefined) return;
  const { freezer = '' } = cgroups;
  if (!['', 'FROZEN', 'THAWED'].includes(freezer))
    issues.error('cgroups.freezer', `expected FROZEN or THAWED, got ${JSON.stringify(freezer)}`);
  try {
    const description = describeCgroup(cgroups);
    const { name = 'x', parent } = description;
    checkPlace({ name, parent });
    checkResources(resourcesOf(description));
  } catch (error) {
    if (!(error instanceof CgroupError) || error.key === undefined) throw error;
    // It may name other keys, too.
    issues.error(
      `cgroups.${configKey(error.key)}`,
      withoutKey(error).replace(/\b[a-z]+[A-Z]\w*/g, configKey),
    );
  }
}
