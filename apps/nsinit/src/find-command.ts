import { accessSync, constants } from 'node:fs';
import process from 'node:process';

/** The path of a command of this machine, by `PATH`; nothing where there is none that this user may execute. */
export function findCommand(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(':')
    .map((directory) => `${directory || '.'}/${name}`)
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
