import type { Options, Values } from './options.ts';
import { networkOptions } from './network-options.ts';
import { resourceOptions } from './resource-options.ts';
import { rootOption } from './root-option.ts';

/** The options of `nsinit run`, and of `nsinit plan`. */
export const runOptions = {
  rootfs: {
    type: 'string',
    value: 'DIR',
    description: 'Root file system; without it a throw-away view of this machine’s own',
  },
  config: {
    type: 'string',
    value: 'FILE',
    description: 'Begin with a container.json instead of the defaults; other options override it',
  },
  strict: {
    type: 'boolean',
    description: 'Errors instead of warnings about what is unknown in it',
  },
  id: {
    type: 'string',
    value: 'ID',
    description: 'Name of the container; a random one by default',
  },
  hostname: { type: 'string', value: 'NAME', description: 'Hostname; the id by default' },
  env: {
    type: 'string',
    short: 'e',
    multiple: true,
    value: 'KEY=VALUE',
    description: 'Set a variable; KEY alone passes the caller’s on',
  },
  'env-file': {
    type: 'string',
    multiple: true,
    value: 'FILE',
    description: 'Set variables from a file, one to a line',
  },
  cwd: {
    type: 'string',
    short: 'w',
    value: 'DIR',
    description: 'Where the command starts; / by default',
  },
  user: {
    type: 'string',
    short: 'u',
    value: 'USER',
    description: 'NAME, UID, NAME:GROUP or UID:GID, by the container’s own passwd and group',
  },
  tty: { type: 'boolean', short: 't', description: 'Give the command a terminal of its own' },
  volume: {
    type: 'string',
    short: 'v',
    multiple: true,
    value: 'SRC:DST[:ro]',
    description: 'Bind a file or directory of this machine',
  },
  mount: {
    type: 'string',
    multiple: true,
    value: 'SPEC',
    description:
      'Mount type=bind,source=SRC,target=DST,readonly or type=tmpfs,target=DST,size=16m, with options as of mount(8)',
  },
  'read-only': { type: 'boolean', description: 'Make the root file system read-only' },
  'cap-add': {
    type: 'string',
    multiple: true,
    value: 'NAME',
    description: 'Keep a capability, or ALL',
  },
  'cap-drop': {
    type: 'string',
    multiple: true,
    value: 'NAME',
    description: 'Drop a capability, or ALL',
  },
  'no-new-privileges': {
    type: 'boolean',
    description: 'No set-user-id program gains anything; the default without --config',
  },
  'allow-new-privileges': { type: 'boolean', description: 'The opposite' },
  userns: {
    type: 'optional',
    value: 'MAP',
    description:
      'A user namespace of its own: auto, or ranges CONTAINER:HOST:SIZE,… for users and groups',
  },
  'uid-map': {
    type: 'string',
    multiple: true,
    value: 'MAP',
    description: 'Ranges for users alone',
  },
  'gid-map': {
    type: 'string',
    multiple: true,
    value: 'MAP',
    description: 'Ranges for groups alone',
  },
  ...networkOptions,
  namespace: {
    type: 'string',
    multiple: true,
    value: 'KIND=WHICH',
    description: 'mount, uts, ipc, pid, net, user, cgroup or time: new, host, a PATH or pid:PID',
  },
  'time-offset': {
    type: 'string',
    multiple: true,
    value: '[CLOCK=]SECONDS',
    description: 'Put monotonic, boottime or both ahead, in a time namespace of its own',
  },
  ulimit: {
    type: 'string',
    multiple: true,
    value: 'NAME=SOFT[:HARD]',
    description: 'Set a resource limit: nofile=1024:4096, core=0, stack=unlimited',
  },
  ...resourceOptions,
  cgroup: {
    type: 'string',
    value: 'NAME|none',
    description: 'Name of its cgroup, by default after the id; or none at all',
  },
  'cgroup-parent': {
    type: 'string',
    value: 'PATH',
    description:
      'The cgroup above it: a/b from nsinit’s own, /a/b from the root; with systemd a slice',
  },
  'systemd-cgroup': { type: 'boolean', description: 'Have systemd make it, as a scope' },
  timeout: {
    type: 'string',
    value: 'DURATION',
    description: 'Kill it after so long: 500ms, 10s, 2m, 1h',
  },
  detach: {
    type: 'boolean',
    short: 'd',
    description: 'Let it run in the background, and print its id',
  },
  keep: {
    type: 'boolean',
    description: 'Keep its record, with its exit status, when it has ended',
  },
  ...rootOption,
} as const satisfies Options;

/** What was given for them. */
export type RunValues = Values<typeof runOptions>;
