import { readFileSync } from 'node:fs';
import { defaultSimpleDevices } from '@ts-c/mount';
import { describe as suite, expect, it } from 'vitest';
import { describe } from './describe.ts';
import { defaultDevices } from '../runtime/defaults.ts';
import { parseConfig } from './parse.ts';

const options = { rootfs: '/srv/box', command: ['sh'] };
const describeText = (text: string): ReturnType<typeof describe> =>
  describe(parseConfig(text).config, options);
const networkOf = (members: string) =>
  describeText(`{"namespaces":{"NEWNET":true},${members}}`).network;

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

  it('describes minimal.json', () => {
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
    expect(description.cgroup).toEqual({
      name: 'docker-koye',
      parent: 'docker',
      devices: defaultDevices,
    });
    expect(description.network?.networks).toEqual([
      { type: 'loopback', address: '127.0.0.1/0', gateway: 'localhost', mtu: 1500 },
    ]);
    expect(Object.keys(description).toSorted()).toEqual([
      'capabilities',
      'cgroup',
      'command',
      'deviceNodes',
      'environment',
      'hostname',
      'mounts',
      'namespaces',
      'network',
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

  it('describes a network, without what is empty or zero', () => {
    expect(networkOf('"hostname":""')).toBeUndefined();
    expect(
      networkOf(`"networks": [{"type": "veth", "bridge": "br0", "mtu": 0, "gateway": "", "subnet": "10.1.0.0/24"}],
        "routes": [{"destination": "10.2.0.0/16", "source": "", "gateway": "10.1.0.9", "interface_name": "eth0"}],
        "published_ports": ["127.0.0.1:8080:80"], "dns": {"search": ["a.b"]}, "extra_hosts": ["db:10.0.0.5"]`),
    ).toEqual({
      networks: [{ type: 'veth', bridge: 'br0', subnet: '10.1.0.0/24' }],
      routes: [{ destination: '10.2.0.0/16', gateway: '10.1.0.9', interface_name: 'eth0' }],
      publish: [expect.objectContaining({ hostAddress: '127.0.0.1', hostPort: 8080, port: 80 })],
      dns: { search: ['a.b'] },
      hosts: ['db:10.0.0.5'],
    });
    expect(networkOf('"extra_hosts": ["db:10.0.0.5"]')).toEqual({
      networks: [],
      hosts: ['db:10.0.0.5'],
      dns: {},
    });
  });

  it('describes every key of cgroups, and takes zero for what is not set', () => {
    const text = `{"cgroups": {
      "name": "box", "parent": "/a/b", "freezer": "FROZEN", "slice": "", "systemd": false,
      "allow_all_devices": false,
      "allowed_devices": [{"type": 99, "major_number": 1, "minor_number": -1, "cgroup_permissions": "rw"}, {"type": 98, "major_number": 8, "cgroup_permissions": "m"}],
      "memory": 67108864, "memory_reservation": 1, "memory_swap": -1, "memory_high": 9223372036854775807, "memory_min": 0,
      "memory_swappiness": 0, "memory_oom_group": true, "oom_kill_disable": true, "kernel_memory": 2, "kernel_memory_tcp": 3,
      "cpu_shares": 512, "cpu_quota": 20000, "cpu_period": 100000, "cpu_burst": 5000, 
      "cpu_rt_runtime": 4, "cpu_rt_period": 5, "cpuset_cpus": "0-1", "cpuset_mems": "0", "pids_limit": -1, "io_weight": 100,
      "io_devices": [{"device": "8:0", "weight": 1, "read_bps": 2, "write_bps": 3, "read_iops": 4, "write_iops": 0}],
      "hugetlb": {"2MB": 0}, "rdma": {"mlx4_0": {"hca_handles": 2}}, "misc": {"res_a": 5},
      "net_cls_classid": 1048577, "net_prio": {"eth0": 5}, "unified": {"memory.low": "1G"}
    }}`;
    expect(describeText(text).cgroup).toEqual({
      name: 'box',
      parent: '/a/b',
      frozen: true,
      devices: [
        { type: 'c', major: 1, minor: '*', access: 'rw' },
        { type: 'b', major: 8, minor: 0, access: 'm' },
      ],
      memory: 67_108_864,
      memoryReservation: 1,
      memorySwap: -1,
      memoryHigh: 9_223_372_036_854_775_807n,
      memorySwappiness: 0,
      memoryOomGroup: true,
      oomKillDisable: true,
      kernelMemory: 2,
      kernelMemoryTcp: 3,
      cpuShares: 512,
      cpuQuota: 20_000,
      cpuPeriod: 100_000,
      cpuBurst: 5000,
      cpuRealtimeRuntime: 4,
      cpuRealtimePeriod: 5,
      cpusetCpus: '0-1',
      cpusetMems: '0',
      pids: -1,
      ioWeight: 100,
      ioDevices: [{ device: '8:0', weight: 1, readBps: 2, writeBps: 3, readIops: 4 }],
      hugetlb: { '2MB': 0 },
      rdma: { mlx4_0: { hcaHandles: 2 } },
      misc: { res_a: 5 },
      netClsClassid: 1_048_577,
      netPrio: { eth0: 5 },
      unified: { 'memory.low': '1G' },
    });
    const zeroes =
      '"memory": 0, "cpu_shares": 0, "cpu_quota": 0, "pids_limit": 0, "cpuset_cpus": "", "name": "", "parent": ""';
    const none = { devices: [] };
    expect(describeText(`{"cgroups": {${zeroes}}}`).cgroup).toEqual(none);
    expect(describeText('{"cgroups": {"allow_all_devices": true}}').cgroup).toEqual({});
    expect(
      describeText('{"cgroups": {"allow_all_devices": true, "cpu_idle": true}}').cgroup,
    ).toEqual({ cpuIdle: true });
    expect(describeText('{"cgroups": {"slice": "box.slice"}}').cgroup).toMatchObject({
      slice: 'box.slice',
      systemd: true,
    });
  });
});
