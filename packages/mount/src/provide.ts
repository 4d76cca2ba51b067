import {
  Memory,
  OPEN,
  openat,
  unlinkat,
  write,
  withDescriptor,
  type Kernel,
  type Value,
} from '@ts-c/syscall';
import { MountError } from './check.ts';
import { directoryFlags, makeFile, openInRoot, type Root } from './root.ts';
import { moveMount, openTree, owner } from './tree.ts';

/** A file that a container is given, whatever its root file system has at that place. */
export interface ProvidedFile {
  /** An absolute path in the container. */
  readonly path: string;
  readonly text: string;
  /** 0644 by default. */
  readonly mode?: number;
}

/**
 * Mounts files over those of a root. Their content is in memory, in the file system that is mounted at /dev already; what the root
 * has at their places stays as it is beneath, and where it has nothing an empty file is made to mount on. What the container writes
 * into them is gone with it.
 *
 * @throws {MountError} for a path that is not absolute.
 * @throws {SystemError} `EROFS` where there is nothing to mount on, and nothing can be made.
 */
export function provideFiles(kernel: Kernel, root: Root, files: readonly ProvidedFile[]): void {
  if (files.length === 0) return;
  files.forEach(({ path }, index) => {
    if (path.startsWith('/')) return;
    const got = JSON.stringify(path);
    throw new MountError(`files[${index}].path`, `expected an absolute path, got ${got}`);
  });
  kernel.section(owner, 'files for the container', () =>
    withDescriptor(kernel, openInRoot(kernel, root, 'dev', directoryFlags), (dev) => {
      for (const file of files) provide(kernel, root, dev, file);
    }),
  );
}

function provide(
  kernel: Kernel,
  root: Root,
  dev: Value,
  { path, text, mode = 0o644 }: ProvidedFile,
): void {
  // It has this name for a moment only: the mount holds on to the file.
  const name = '.provided';
  const flags = OPEN.WRONLY | OPEN.CREAT | OPEN.EXCL | OPEN.CLOEXEC;
  withDescriptor(kernel, kernel.call(openat, dev, name, flags, mode), (file) => {
    const size = Buffer.byteLength(text);
    if (size > 0) kernel.call(write, file, Memory.text('text', text), size);
    makeFile(kernel, root, path, 0o644, { symlinks: true });
    const attach = (target: Value): void =>
      withDescriptor(kernel, target, () =>
        withDescriptor(kernel, openTree(kernel, file), (tree) => moveMount(kernel, tree, target)),
      );
    kernel.attempt(
      ['ENOENT'],
      () => attach(openInRoot(kernel, root, path, undefined, { symlinks: true })),
      // A link to nothing, as /etc/resolv.conf is where systemd-resolved does not run: the link itself is mounted over.
      () => attach(openInRoot(kernel, root, path, OPEN.PATH | OPEN.NOFOLLOW | OPEN.CLOEXEC)),
    );
    kernel.call(unlinkat, dev, name, 0);
  });
}
