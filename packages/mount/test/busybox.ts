import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Where a static busybox is, if there is one (Debian: busybox-static). */
export const busybox: string | undefined = ['/bin/busybox', '/usr/bin/busybox'].find((path) =>
  existsSync(path),
);

/** A root file system with nothing but busybox; it goes when the test is over. */
export function makeRootfs(): string {
  const rootfs = temporaryDirectory();
  for (const name of ['bin', 'etc', 'tmp']) mkdirSync(join(rootfs, name));
  cpSync(busybox as string, join(rootfs, 'bin/busybox'));
  const applets = 'cat echo grep ls mkdir mount readlink sh stat touch umount';
  for (const applet of applets.split(' ')) symlinkSync('busybox', join(rootfs, 'bin', applet));
  return rootfs;
}

/** An empty directory, which goes when the test is over. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ts-c-mount-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
