import type { Options, Values } from './options.ts';

/** Options that limit what a container may use: of `nsinit run`, and of `nsinit update`. */
export const resourceOptions = {
  memory: {
    type: 'string',
    short: 'm',
    value: 'SIZE',
    description: 'Limit its memory: 64M, 1.5G, max',
  },
  'memory-swap': {
    type: 'string',
    value: 'SIZE',
    description: 'Limit its memory and swap together',
  },
  'memory-reservation': {
    type: 'string',
    value: 'SIZE',
    description: 'What it is left when memory is short',
  },
  'memory-high': {
    type: 'string',
    value: 'SIZE',
    description: 'Slow it down above this (cgroup version 2)',
  },
  cpus: { type: 'string', value: 'N', description: 'Limit its CPU time: 0.5 is half a CPU' },
  'cpu-shares': {
    type: 'string',
    value: 'N',
    description: 'Its share of CPU time when others want some; 1024 is usual',
  },
  'cpuset-cpus': { type: 'string', value: 'LIST', description: 'CPUs it may run on: 0-2,4' },
  'cpuset-mems': { type: 'string', value: 'LIST', description: 'Memory nodes it may use' },
  'pids-limit': {
    type: 'string',
    value: 'N',
    description: 'Limit its processes and threads; max or -1 is no limit',
  },
  'io-weight': {
    type: 'string',
    value: 'N',
    description: 'Its share of the disks when others want some, 1 to 10000; 100 is usual',
  },
  'io-read-bps': {
    type: 'string',
    multiple: true,
    value: 'DEV:SIZE',
    description: 'Limit the bytes a second that it reads from a block device',
  },
  'io-write-bps': {
    type: 'string',
    multiple: true,
    value: 'DEV:SIZE',
    description: 'Limit the bytes a second that it writes',
  },
  'io-read-iops': {
    type: 'string',
    multiple: true,
    value: 'DEV:N',
    description: 'Limit the reads a second',
  },
  'io-write-iops': {
    type: 'string',
    multiple: true,
    value: 'DEV:N',
    description: 'Limit the writes a second',
  },
  'device-rule': {
    type: 'string',
    multiple: true,
    value: '[allow|deny] RULE',
    description: 'Let it use devices, beside the usual ones: "c 10:229 rwm", "deny c 1:3 w"',
  },
  'cgroup-conf': {
    type: 'string',
    multiple: true,
    value: 'FILE=VALUE',
    description: 'Write into a file of its cgroup (cgroup version 2): memory.low=1G',
  },
} as const satisfies Options;

/** What was given for them. */
export type ResourceValues = Values<typeof resourceOptions>;
