import { checkRecord, checkWhole, invalid } from '../value.ts';
import { defineController } from './define.ts';

const word = [0, 2 ** 32 - 1] as const;
/** The kernel has 15 bytes for the name of a network interface. */
const interfaceName = /^[^\s/\p{Cc}]{1,15}$/u;

/** Marks packets for traffic control: Documentation/admin-guide/cgroup-v1/net_cls.rst. */
export const netCls = defineController({
  names: { 1: 'net_cls' },
  keys: ['netClsClassid'],
  lacks: {
    2: {
      netClsClassid: {
        remedy: 'leave it out, and match the cgroup itself (nft: socket cgroupv2)',
      },
    },
  },
  check: ({ netClsClassid }) => checkWhole(netClsClassid, 'netClsClassid', word),
  write: {
    1: (list, { netClsClassid }) => {
      if (netClsClassid !== undefined) list.add('net_cls.classid', 'netClsClassid', netClsClassid);
    },
  },
});

/** Priorities of packets: Documentation/admin-guide/cgroup-v1/net_prio.rst. */
export const netPrio = defineController({
  names: { 1: 'net_prio' },
  keys: ['netPrio'],
  lacks: {
    2: {
      netPrio: { remedy: 'leave it out, and set the priority by the cgroup (nft: meta priority)' },
    },
  },
  check({ netPrio: priorities }) {
    checkRecord(priorities, 'netPrio', 'an object by the name of the network interface');
    for (const [name, priority] of Object.entries(priorities ?? {})) {
      if (!interfaceName.test(name))
        throw invalid('netPrio', 'names of network interfaces for its keys', name);
      checkWhole(priority, `netPrio.${name}`, word);
    }
  },
  write: {
    1: (list, { netPrio: priorities = {} }) => {
      for (const [name, priority] of Object.entries(priorities))
        list.add('net_prio.ifpriomap', `netPrio.${name}`, `${name} ${priority}`);
    },
  },
});
