import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Is there such a command? */
export function has(command: string): boolean {
  return `${process.env.PATH ?? ''}:/usr/sbin:/sbin`.split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
