export { bind, checkMount, mountConfigured, MountError, mountFileSystem } from './bind.ts';
export type { Device, Mount, MountConfig } from './config.ts';
export { createDeviceNodes } from './device-nodes.ts';
export {
  blockDevice,
  characterDevice,
  defaultAllowedDevices,
  defaultAutoCreatedDevices,
  defaultSimpleDevices,
  deviceCgroupRule,
  major,
  makedev,
  minor,
  wildcard,
} from './devices.ts';
export { createFileSystem, expectFileSystem, type FileSystem } from './file-system.ts';
export { MNT, MOUNT_ATTR, MS } from './flags.ts';
export { hostView, planHostView, type HostViewPlan } from './host-view.ts';
export { createDeviceLinks, linkPtmx } from './links.ts';
export {
  mountOf,
  mountPointOf,
  parseMountInfo,
  readMountInfo,
  type MountInfo,
} from './mountinfo.ts';
export { parseMountOptions, type MountOptions } from './options.ts';
export {
  defaultMaskedPaths,
  defaultReadonlyPaths,
  restrict,
  type Restrictions,
} from './restrict.ts';
export {
  changePropagation,
  makeDirectory,
  makeFile,
  moveRoot,
  openInRoot,
  openRoot,
  pivotRoot,
  type OpenInRoot,
  type Root,
} from './root.ts';
export { setReadOnlyRoot, setUpMountNamespace, type MountSetup } from './setup.ts';
export { mountSystem, systemMounts, type SystemMount } from './system.ts';
export {
  attach,
  cloneTree,
  idmapMount,
  setMountAttributes,
  type MountAttributes,
  type MountPropagation,
} from './tree.ts';
