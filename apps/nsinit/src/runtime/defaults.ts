import { fromDevice, type DeviceRule } from '@ts-c/cgroups';
import { defaultAllowedDevices, defaultSimpleDevices } from '@ts-c/mount';
import type { CapabilityName } from '@ts-c/capabilities';
import type { ContainerDescription } from '../description.ts';

/** A container as it is asked for: the command, and what is to differ from the usual. */
export type ContainerRequest = Partial<ContainerDescription> &
  Pick<ContainerDescription, 'command'>;

/** The capabilities that a container keeps unless told otherwise: those of libcontainer's sample configurations. */
export const defaultCapabilities: readonly CapabilityName[] = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'MKNOD',
  'NET_RAW',
  'SETGID',
  'SETUID',
  'SETFCAP',
  'SETPCAP',
  'NET_BIND_SERVICE',
  'SYS_CHROOT',
  'KILL',
];

/** What a container with a cgroup may do with devices unless told otherwise. */
export const defaultDevices: readonly DeviceRule[] = defaultAllowedDevices.map((device) =>
  fromDevice(device),
);

/** The search path that a container's command gets unless told otherwise. */
export const defaultPath = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Fills in what a request leaves open: new mount, uts, ipc, pid, net and cgroup namespaces, the usual devices, few capabilities, no
 * new privileges, and the parts of /proc and /sys read-only that concern the whole machine.
 */
export function complete(request: ContainerRequest): ContainerDescription {
  const { net = true } = request.namespaces ?? {};
  return {
    environment: [defaultPath, ...(request.tty ? ['TERM=xterm'] : [])],
    mounts: [],
    deviceNodes: defaultSimpleDevices,
    capabilities: defaultCapabilities,
    restrictSys: true,
    noNewPrivileges: true,
    // A namespace of its own has a loopback that is down, and programs expect it to be up.
    ...(net === true ? { network: { networks: [{ type: 'loopback' }] } } : {}),
    ...request,
    namespaces: {
      mount: true,
      uts: true,
      ipc: true,
      pid: true,
      net: true,
      cgroup: true,
      ...request.namespaces,
    },
  };
}
