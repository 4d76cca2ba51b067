import { statSync } from 'node:fs';
import type { Kernel } from '@ts-c/syscall';
import { bind, type SourceKind } from './bind.ts';
import { checkMount, MountError } from './check.ts';
import type { Mount } from './config.ts';
import { mountFileSystem } from './mount-file-system.ts';
import type { Root } from './root.ts';

/**
 * Mounts what the configuration asks for, in order.
 *
 * @throws {MountError} which names the field: also for a source that does not exist.
 */
export function mountConfigured(kernel: Kernel, root: Root, mounts: readonly Mount[]): void {
  mounts.forEach((mount, index) => {
    const field = `mounts[${index}]`;
    checkMount(field, mount);
    if (mount.type === 'bind') bind(kernel, root, mount, sourceKind(field, mount.source ?? ''));
    else mountFileSystem(kernel, root, mount);
  });
}

/** Looks at the source of a bind mount, before anything is done. */
function sourceKind(field: string, source: string): SourceKind {
  try {
    return statSync(source).isDirectory() ? 'directory' : 'file';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'does not exist' : `can't be looked at (${code})`;
    throw new MountError(`${field}.source`, `${JSON.stringify(source)} ${reason}`, {
      cause: error,
    });
  }
}
