import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Where a static busybox is, if there is one (Debian: busybox-static). */
export const busybox: string | undefined = ['/bin/busybox', '/usr/bin/busybox'].find((path) =>
  existsSync(path),
);

const applets =
  'cat chmod echo env readlink false grep head hostname id kill ls mkdir mknod mount ps rm sh sleep sort stat stty touch true tty umount uname wc';

/** Makes a small root file system of busybox, which goes when the test is over. */
export function makeRootfs(): string {
  const rootfs = temporaryDirectory('rootfs');
  // It becomes the container's /, and not only root is to see it.
  chmodSync(rootfs, 0o755);
  fillRootfs(rootfs);
  return rootfs;
}

/** Puts busybox, its names, and accounts into a directory. */
export function fillRootfs(rootfs: string): void {
  for (const name of ['bin', 'etc', 'tmp', 'root']) mkdirSync(join(rootfs, name));
  cpSync(busybox as string, join(rootfs, 'bin/busybox'));
  for (const applet of applets.split(' ')) symlinkSync('busybox', join(rootfs, 'bin', applet));
  writeFileSync(
    join(rootfs, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n',
  );
  writeFileSync(
    join(rootfs, 'etc/group'),
    'root:x:0:\ndaemon:x:1:\nuser:x:1000:\nextra:x:2000:daemon,user\n',
  );
}

/** An empty directory, which goes when the test is over. */
export function temporaryDirectory(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `ts-c-${name}-`));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
