import { unlinkat, withDescriptor, type Kernel, type Value } from '@ts-c/syscall';
import { symlinkat } from './calls.ts';
import { directoryFlags, openInRoot, type Root } from './root.ts';
import { owner } from './tree.ts';

const links: readonly (readonly [name: string, target: string])[] = [
  ['fd', '/proc/self/fd'],
  ['stdin', '/proc/self/fd/0'],
  ['stdout', '/proc/self/fd/1'],
  ['stderr', '/proc/self/fd/2'],
];

/** Makes /dev/ptmx a link to the one of the container's own devpts, whatever it was before. */
export function mountPtmx(kernel: Kernel, root: Root): void {
  kernel.section(owner, '/dev/ptmx', () =>
    inDev(kernel, root, (dev) => {
      kernel.attempt(['ENOENT'], () => {
        kernel.call(unlinkat, dev, 'ptmx', 0);
      });
      kernel.call(symlinkat, 'pts/ptmx', dev, 'ptmx');
    }),
  );
}

/** Makes the links of /dev that lead into /proc. Names that exist are left as they are. */
export function createDeviceLinks(kernel: Kernel, root: Root): void {
  kernel.section(owner, 'links in /dev', () =>
    inDev(kernel, root, (dev) => {
      for (const [name, target] of links) link(kernel, target, dev, name);
      // Not every kernel has one.
      kernel.attempt(['ENOENT'], () =>
        withDescriptor(kernel, openInRoot(kernel, root, 'proc/kcore'), () =>
          link(kernel, '/proc/kcore', dev, 'kcore'),
        ),
      );
    }),
  );
}

function inDev(kernel: Kernel, root: Root, body: (dev: Value) => void): void {
  withDescriptor(kernel, openInRoot(kernel, root, 'dev', directoryFlags), body);
}

function link(kernel: Kernel, target: string, dev: Value, name: string): void {
  kernel.attempt(['EEXIST'], () => {
    kernel.call(symlinkat, target, dev, name);
  });
}
