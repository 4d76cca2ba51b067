import { suggest } from '../../suggest.ts';
import type { Issues } from '../issues.ts';
import { capabilityNames, resourceNames } from '../known.ts';
import { join } from '../schema.ts';
import type { Config } from '../types.ts';

/** The longest name that sethostname(2) and setdomainname(2) take. */
const longestName = 64;

/** Checks what is about the command itself: environment, names, capabilities, limits. */
export function checkProcess(config: Config, issues: Issues): void {
  config.environment?.forEach((entry, index) => {
    if (entry.indexOf('=') >= 1) return;
    issues.error(`environment[${index}]`, `expected KEY=VALUE, got ${JSON.stringify(entry)}`);
  });
  for (const key of ['hostname', 'domainname'] as const) {
    if (Buffer.byteLength(config[key] ?? '') > longestName) {
      issues.error(key, `is longer than ${longestName} bytes`);
    }
  }
  // Not to keep a capability is the safe side, so here 1.1.0 is followed.
  config.capabilities?.forEach((name, index) => {
    if (capabilityNames.includes(name)) return;
    const known = suggest(name.replace(/^cap_/i, ''), capabilityNames);
    const message = `${JSON.stringify(name)} is no capability that is known: it is not kept`;
    issues.ignore(`capabilities[${index}]`, message, known);
  });
  checkLimits(config, issues);
  for (const key of ['uid_mappings', 'gid_mappings'] as const) {
    config[key]?.forEach(({ size = 0 }, index) => {
      if (size === 0) issues.error(`${key}[${index}].size`, 'is missing: how many ids?');
    });
  }
}

function checkLimits({ rlimits = {} }: Config, issues: Issues): void {
  for (const [name, { soft, hard }] of Object.entries(rlimits)) {
    const path = join('rlimits', name);
    if (!resourceNames.includes(name)) {
      const known = suggest(name.replace(/^rlimit_/i, ''), resourceNames);
      issues.error(path, 'is no limit that is known', known);
    } else if (soft === undefined || hard === undefined) {
      issues.error(path, 'needs both "soft" and "hard"; -1 is no limit');
    } else if (hard !== -1 && (soft === -1 || soft > hard)) {
      issues.error(path, `its soft limit is above the hard one, ${hard}`);
    }
  }
}
