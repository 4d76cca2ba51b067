import { CgroupError, checkPlace, checkResources } from '@ts-c/cgroups';
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
    const {
      name = 'x',
      parent,
      frozen: _,
      slice: __,
      systemd: ___,
      ...resources
    } = describeCgroup(cgroups);
    checkPlace({ name, parent });
    checkResources(resources);
  } catch (error) {
    if (!(error instanceof CgroupError) || error.key === undefined) throw error;
    const { key, message } = error;
    const text = message.startsWith(`${key}: `) ? message.slice(key.length + 2) : message;
    // It may name other keys, too.
    issues.error(`cgroups.${configKey(key)}`, text.replace(/\b[a-z]+[A-Z]\w*/g, configKey));
  }
}
