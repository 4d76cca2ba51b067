import { statSync } from 'node:fs';

/**
 * Was this machine started by systemd? sd_booted(3): /run/systemd/system is a directory. Nothing is started to find out, and it does not
 * say that this process may use it.
 */
export function hasSystemd(): boolean {
  return statSync('/run/systemd/system', { throwIfNoEntry: false })?.isDirectory() ?? false;
}
