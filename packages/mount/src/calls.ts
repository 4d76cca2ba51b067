import {
  AT,
  defineStruct,
  fd,
  flags,
  memory,
  mode,
  oneOf,
  path,
  prefixed,
  sizeOf,
  syscall,
  text,
  uint,
} from '@ts-c/syscall';
import { MNT, mountAttrNames, MS } from './flags.ts';

const msNames = prefixed('MS_', MS);
const { UMOUNT_NOFOLLOW, ...MNT_ } = MNT;
const umountNames = { ...prefixed('MNT_', MNT_), UMOUNT_NOFOLLOW };

/** mount(2). */
export const mountCall = syscall('mount', [
  text('source'),
  path('target', 'dest'),
  text('filesystemtype'),
  flags('mountflags', msNames),
  text('data'),
]);
/** umount2(2). */
export const umount2 = syscall('umount2', [path('target'), flags('flags', umountNames)]);
/** pivot_root(2). */
export const pivotRootCall = syscall('pivot_root', [path('new_root'), path('put_old', 'dest')]);
/** chroot(2). */
export const chroot = syscall('chroot', [path('path')]);

/** `FSOPEN_CLOEXEC` of fsopen(2). */
export const FSOPEN_CLOEXEC = 1;
/** fsopen(2). */
export const fsopen = syscall('fsopen', [path('fsname'), flags('flags', { FSOPEN_CLOEXEC })], 'fd');
/** Commands of fsconfig(2). */
export const FSCONFIG = {
  SET_FLAG: 0,
  SET_STRING: 1,
  CMD_CREATE: 6,
} as const;
/** fsconfig(2). */
export const fsconfig = syscall('fsconfig', [
  fd('fd'),
  oneOf('cmd', prefixed('FSCONFIG_', FSCONFIG)),
  text('key'),
  text('value'),
  fd('aux'),
]);
/** `FSMOUNT_CLOEXEC` of fsmount(2). */
export const FSMOUNT_CLOEXEC = 1;
/** fsmount(2). */
export const fsmount = syscall(
  'fsmount',
  [fd('fsfd'), flags('flags', { FSMOUNT_CLOEXEC }), flags('attr_flags', mountAttrNames)],
  'fd',
);

/** `struct mount_attr` of mount_setattr(2). */
export const mountAttr = defineStruct('mount_attr', {
  attr_set: { type: 'u64', flags: mountAttrNames },
  attr_clr: { type: 'u64', flags: { MOUNT_ATTR__ATIME: 0x70, ...mountAttrNames } },
  propagation: { type: 'u64', flags: msNames },
  userns_fd: { type: 'u64' },
});
/** mount_setattr(2). */
export const mountSetattr = syscall('mount_setattr', [
  fd('dirfd'),
  path('pathname'),
  flags('flags', { AT_EMPTY_PATH: AT.EMPTY_PATH, AT_RECURSIVE: AT.RECURSIVE }),
  memory('attr'),
  sizeOf('size', 'attr'),
]);

/** symlinkat(2). */
export const symlinkat = syscall('symlinkat', [text('target'), fd('newdirfd'), path('linkpath')]);
/** fchmodat(2). */
export const fchmodat = syscall('fchmodat', [fd('dirfd'), path('pathname'), mode('mode')]);
/** fchownat(2). */
export const fchownat = syscall('fchownat', [
  fd('dirfd'),
  path('pathname'),
  uint('owner'),
  uint('group'),
  flags('flags', { AT_SYMLINK_NOFOLLOW: AT.SYMLINK_NOFOLLOW }),
]);
