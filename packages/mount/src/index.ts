export { bind, type SourceKind } from './bind.ts';
export {
  checkDevice,
  checkDevices,
  checkMount,
  checkMounts,
  MountError,
  type DeviceUse,
} from './check.ts';
export { changePropagation, mount, umount, type ClassicMount, type Umount } from './classic.ts';
export type { Device, Mount, MountConfig } from './config.ts';
export { mountConfigured } from './configured.ts';
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
export { getDevice, hostDeviceNodes } from './host-devices.ts';
export { hostView } from './host-view.ts';
export { planHostView, type HostViewOptions, type HostViewPlan } from './host-view-plan.ts';
export { createDeviceLinks, mountPtmx } from './links.ts';
export { mountFileSystem } from './mount-file-system.ts';
export {
  isWithin,
  mountOf,
  mountPointOf,
  parseMountInfo,
  readMountInfo,
  type MountInfo,
} from './mountinfo.ts';
export { parseMountOptions, type AttributeChange, type MountOptions } from './options.ts';
export { moveRoot, pivotRoot, setReadOnlyRoot } from './pivot.ts';
export { provideFiles, type ProvidedFile } from './provide.ts';
export {
  defaultMaskedPaths,
  defaultReadonlyPaths,
  restrict,
  type Restrictions,
} from './restrict.ts';
export {
  makeDirectory,
  makeFile,
  openInRoot,
  openRoot,
  type OpenInRoot,
  type Root,
} from './root.ts';
export { setUpMountNamespace, type MountSetup } from './setup.ts';
export {
  mountSystem,
  systemMounts,
  ttyGroup,
  type SystemMount,
  type SystemOptions,
} from './system.ts';
export {
  bindMount,
  idmapMount,
  moveMount,
  openTree,
  setMountAttributes,
  type MountAttributes,
  type MountPropagation,
  type OpenTree,
  type Place,
} from './tree.ts';
