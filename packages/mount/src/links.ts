import { AT_FDCWD, unlinkat, type Kernel, type Value } from '@ts-c/syscall';
import { faccessat, symlinkat } from './calls.ts';
import { withParent, type Root } from './root.ts';

const owner = '@ts-c/mount';
const F_OK = 0;

/** Makes /dev/ptmx a link to the one of the container's own devpts, whatever it was before. */
export function linkPtmx(kernel: Kernel, root: Root): void {
  kernel.section(owner, '/dev/ptmx', () =>
    withParent(kernel, root, 'dev', {}, (dev) => {
      kernel.attempt(['ENOENT'], () => kernel.call(unlinkat, dev, 'ptmx', 0));
      kernel.call(symlinkat, 'pts/ptmx', dev, 'ptmx');
    }),
  );
}

/** Makes the links of /dev that lead into /proc. Names that exist are left as they are. */
export function createDeviceLinks(kernel: Kernel, root: Root): void {
  kernel.section(owner, 'links in /dev', () =>
    withParent(kernel, root, 'dev', {}, (dev) => {
      link(kernel, '/proc/self/fd', dev, 'fd');
      link(kernel, '/proc/self/fd/0', dev, 'stdin');
      link(kernel, '/proc/self/fd/1', dev, 'stdout');
      link(kernel, '/proc/self/fd/2', dev, 'stderr');
      // Not every kernel has one.
      kernel.attempt(['ENOENT'], () => {
        kernel.call(faccessat, AT_FDCWD, '/proc/kcore', F_OK);
        link(kernel, '/proc/kcore', dev, 'kcore');
      });
    }),
  );
}

function link(kernel: Kernel, target: string, dev: Value, name: string): void {
  kernel.attempt(['EEXIST'], () => kernel.call(symlinkat, target, dev, name));
}
