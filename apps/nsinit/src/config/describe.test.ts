import { readFileSync } from 'node:fs';
import { defaultSimpleDevices } from '@ts-c/mount';
import { describe as suite, expect, it } from 'vitest';
import { describe } from './describe.ts';
import { parseConfig } from './parse.ts';

const options = { rootfs: '/srv/box', command: ['sh'] };
const describeText = (text: string): ReturnType<typeof describe> =>
  describe(parseConfig(text).config, options);

suite('a description', () => {
  it('says nothing that the configuration does not say', () => {
    expect(describeText('{"tty":false,"user":"","masked_paths":[],"mount_config":{}}')).toEqual({
      rootfs: '/srv/box',
      command: ['sh'],
      environment: [],
      namespaces: {},
      mounts: [],
      deviceNodes: [],
      capabilities: [],
    });
  });

  it('describes minimal.json, but for what nothing carries out', () => {
    const fixture = new URL('../../test/fixtures/minimal.json', import.meta.url);
    const description = describeText(readFileSync(fixture, 'utf8'));
    expect(description).toMatchObject({
      hostname: 'koye',
      user: 'daemon',
      tty: true,
      restrictSys: true,
      namespaces: { mount: true, uts: true, ipc: true, pid: true, net: true },
      deviceNodes: defaultSimpleDevices,
    });
    expect(description.capabilities).toHaveLength(12);
    expect(description.environment).toHaveLength(4);
    expect(Object.keys(description).toSorted()).toEqual([
      'capabilities',
      'command',
      'deviceNodes',
      'environment',
      'hostname',
      'mounts',
      'namespaces',
      'restrictSys',
      'rootfs',
      'tty',
      'user',
    ]);
  });

  it('describes every other key', () => {
    const text = `{
      "mount_config": {
        "no_pivot_root": true, "readonly_fs": true, "mount_propagation": "slave",
        "mounts": [
          {"type": "bind", "source": "/data", "destination": "/d", "writable": true, "private": true},
          {"type": "tmpfs", "destination": "/t", "options": ["size=1m"]},
          {"type": "what", "destination": "/w"}
        ],
        "device_nodes": [{"type": 98, "path": "/dev/b", "file_mode": 384}]
      },
      "working_dir": "home/../srv", "domainname": "d", "hostname": "h", "additional_groups": [5, 0],
      "namespaces": {"NEWNS": true, "NEWUTS": true, "NEWUSER": true, "NEWTIME": true, "NEWCGROUP": true, "NEWIPC": false},
      "namespace_paths": {"NEWNET": "/run/netns/a", "NEWIPC": "/proc/1/ns/ipc"},
      "uid_mappings": [{"host_id": 1000, "size": 1}], "gid_mappings": [{"container_id": 5, "host_id": 6, "size": 7}],
      "time_offsets": {"monotonic": {"seconds": -5}, "boottime": {"nanoseconds": 3}},
      "capabilities": ["KILL", "FLY"], "no_new_privileges": true,
      "rlimits": {"NOFILE": {"soft": 1, "hard": 2}},
      "masked_paths": ["/m"], "readonly_paths": ["/r"]
    }`;
    expect(describeText(text)).toEqual({
      ...options,
      environment: [],
      workingDirectory: '/srv',
      hostname: 'h',
      domainname: 'd',
      additionalGroups: [5, 0],
      namespaces: {
        mount: true,
        uts: true,
        user: true,
        time: true,
        cgroup: true,
        net: '/run/netns/a',
        ipc: '/proc/1/ns/ipc',
      },
      uidMappings: [{ containerId: 0, hostId: 1000, size: 1 }],
      gidMappings: [{ containerId: 5, hostId: 6, size: 7 }],
      timeOffsets: {
        monotonic: { seconds: -5, nanoseconds: 0 },
        boottime: { seconds: 0, nanoseconds: 3 },
      },
      mounts: [
        { type: 'bind', source: '/data', destination: '/d', writable: true, private: true },
        { type: 'tmpfs', destination: '/t', options: ['size=1m'] },
      ],
      deviceNodes: [{ type: 98, path: '/dev/b', major_number: 0, minor_number: 0, file_mode: 384 }],
      noPivotRoot: true,
      readonlyRoot: true,
      mountPropagation: 'slave',
      capabilities: ['KILL'],
      noNewPrivileges: true,
      resourceLimits: { NOFILE: { soft: 1, hard: 2 } },
      maskedPaths: ['/m'],
      readonlyPaths: ['/r'],
    });
  });
});
