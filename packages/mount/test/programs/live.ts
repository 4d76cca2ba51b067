import { writeFileSync } from 'node:fs';
import { MOUNT_ATTR, openTree, setMountAttributes } from '@ts-c/mount';
import { close, live } from '@ts-c/syscall';

const tree = openTree(live, '/etc', { recursive: true }); // a copy that is attached nowhere
setMountAttributes(live, tree, { set: MOUNT_ATTR.RDONLY, recursive: true });
try {
  writeFileSync(`/proc/self/fd/${String(tree)}/motd`, 'hello');
} catch (error) {
  console.log(String(error)); // EROFS: the same files, and no way to change them
}
live.call(close, tree);
