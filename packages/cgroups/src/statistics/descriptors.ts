import fs from 'node:fs';

// Of this process, for all of its cgroups together.
let free: number | undefined;

/**
 * Takes one of the descriptors that may be kept open between two readings: half of what the process may have open, so that
 * hundreds of cgroups leave enough to the rest of it. False if there is none left; then the file is to be closed again.
 */
export function reserveDescriptor(): boolean {
  free ??= Math.floor(descriptorLimit() / 2);
  if (free <= 0) return false;
  free--;
  return true;
}

/** Gives one back. */
export function returnDescriptor(): void {
  if (free !== undefined) free++;
}

function descriptorLimit(): number {
  const limits = fs.readFileSync('/proc/self/limits', 'latin1');
  const soft = /^Max open files +(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? Number.MAX_SAFE_INTEGER : Number(soft);
}
