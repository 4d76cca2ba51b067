import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config/index.ts';
import { complete, defaultDevices } from '../runtime/defaults.ts';
import type { ContainerDescription } from '../description.ts';
import { describeRun } from './describe-run.ts';
import type { Machine } from './machine.ts';
import { parseOptions } from './options.ts';
import { runOptions } from './run-options.ts';
import { UsageError } from './usage-error.ts';

const machine: Machine = {
  automaticMappings: () => ({ uid: [{ containerId: 0, hostId: 7, size: 1 }] }),
  ownCapabilities: () => ['CHOWN', 'KILL'],
};

function describeLine(line: string, config?: string): ContainerDescription {
  const { values, words } = parseOptions(line.split(' '), runOptions, 'command');
  return describeRun({
    values,
    command: words,
    id: 'tobi',
    variables: { HOST: 'yes', TERM: 'vt100' },
    directory: '/here',
    machine,
    ...(config === undefined ? {} : { config: parseConfig(config).config }),
  });
}

function mappings(line: string): Pick<ContainerDescription, 'uidMappings' | 'gidMappings'> {
  const { uidMappings, gidMappings } = describeLine(`${line} true`);
  return { ...(uidMappings ? { uidMappings } : {}), ...(gidMappings ? { gidMappings } : {}) };
}

const map = (hostId: number) => [{ containerId: 0, hostId, size: 1 }];

/** What differs from a container without options. */
function difference(line: string): Partial<ContainerDescription> {
  const usual = describeLine('true');
  return Object.fromEntries(
    Object.entries(describeLine(`${line} true`)).filter(
      ([key, value]) =>
        JSON.stringify(value) !== JSON.stringify(usual[key as keyof ContainerDescription]),
    ),
  );
}

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

describe('describeRun', () => {
  it('without options gives the usual container', () => {
    expect(describeLine('ls -la')).toEqual({
      ...complete({ command: ['ls', '-la'] }),
      network: { id: 'tobi', networks: [{ type: 'loopback' }] },
      hostname: 'tobi',
      environment: [path, 'HOSTNAME=tobi'],
      // Where one can be had.
      cgroup: { name: 'nsinit-tobi', devices: defaultDevices, optional: true },
    });
  });

  it.each<[string, Partial<ContainerDescription>]>([
    ['--rootfs root', { rootfs: '/here/root' }],
    ['--rootfs /srv/a', { rootfs: '/srv/a' }],
    ['--hostname box', { hostname: 'box', environment: [path, 'HOSTNAME=box'] }],
    ['-e A=1 -e HOST -e NOPE -e A=2', { environment: [path, 'HOSTNAME=tobi', 'A=2', 'HOST=yes'] }],
    ['-e PATH=/x', { environment: ['PATH=/x', 'HOSTNAME=tobi'] }],
    ['-t', { tty: true, environment: [path, 'TERM=vt100', 'HOSTNAME=tobi'] }],
    [
      '-w /tmp -u daemon --read-only',
      { workingDirectory: '/tmp', user: 'daemon', readonlyRoot: true },
    ],
    [
      '-v ./a:/a:ro',
      { mounts: [{ type: 'bind', source: '/here/a', destination: '/a', writable: false }] },
    ],
    [
      '--mount type=tmpfs,target=/t',
      { mounts: [{ type: 'tmpfs', destination: '/t', writable: true }] },
    ],
    ['--cap-drop ALL --cap-add KILL', { capabilities: ['KILL'] }],
    ['--cap-add ALL', { capabilities: ['CHOWN', 'KILL'] }],
    ['--allow-new-privileges', { noNewPrivileges: false }],
    ['--no-new-privileges', {}],
    [
      '--ulimit nofile=1:2 --ulimit core=0',
      { resourceLimits: { NOFILE: { soft: 1, hard: 2 }, CORE: { soft: 0, hard: 0 } } },
    ],
  ])('%s', (line, expected) => expect(difference(line)).toEqual(expected));

  it.each<[string, object]>([
    ['--network none', { net: true }],
    ['--network host', { net: false }],
    ['--namespace net=/run/netns/a --namespace pid=host', { net: '/run/netns/a', pid: false }],
    ['--time-offset 5', { time: true }],
    ['--userns', { user: true }],
    ['--uid-map 0:1:1', { user: true }],
    ['--namespace user=new', { user: true }],
  ])('namespaces of %s', (line, expected) => {
    const usual = { mount: true, uts: true, ipc: true, pid: true, net: true, cgroup: true };
    expect(describeLine(`${line} true`).namespaces).toEqual({ ...usual, ...expected });
  });

  it('has no hostname of its own without a uts namespace of its own', () => {
    expect(describeLine('--namespace uts=host true').hostname).toBeUndefined();
  });

  it('maps ids as asked, and the rest as the machine has it', () => {
    expect(mappings('--userns=auto')).toEqual({ uidMappings: map(7) });
    expect(mappings('--userns=0:5:1')).toEqual({ uidMappings: map(5), gidMappings: map(5) });
    expect(mappings('--userns=0:5:1 --gid-map 0:6:1')).toEqual({
      uidMappings: map(5),
      gidMappings: map(6),
    });
    expect(mappings('--gid-map 0:6:1')).toEqual({ uidMappings: map(7), gidMappings: map(6) });
    expect(mappings('--network host')).toEqual({});
  });

  it.each<[string, ContainerDescription['cgroup']]>([
    ['--cgroup none', undefined],
    ['--cgroup box', { name: 'box', devices: defaultDevices }],
    ['--cgroup-parent /a/b', { name: 'nsinit-tobi', parent: '/a/b', devices: defaultDevices }],
    ['-m 64M', { name: 'nsinit-tobi', memory: '64M', devices: defaultDevices }],
    [
      '--cpus 0.5 --pids-limit 10 --cgroup x',
      { name: 'x', cpus: 0.5, pids: 10, devices: defaultDevices },
    ],
    [
      '--systemd-cgroup --cgroup-parent box.slice',
      { name: 'nsinit-tobi', systemd: true, slice: 'box.slice', devices: defaultDevices },
    ],
  ])('%s is the cgroup %j', (line, cgroup) => {
    expect(describeLine(`${line} true`).cgroup).toEqual(cgroup);
  });

  it('limits what the configuration limits, unless options say otherwise', () => {
    const config =
      '{"cgroups": {"name": "a", "memory": 1, "cpu_shares": 2, "allow_all_devices": true}}';
    expect(describeLine('sh', config).cgroup).toEqual({ name: 'a', memory: 1, cpuShares: 2 });
    expect(describeLine('-m 2 --cgroup b sh', config).cgroup).toEqual({
      name: 'b',
      memory: '2',
      cpuShares: 2,
    });
  });

  it('begins with a configuration, and adds nothing but what is asked for', () => {
    const config = `{
      "hostname": "koye", "environment": ["A=1", "PATH=/bin"], "namespaces": {"NEWNS": true, "NEWUTS": true, "NEWNET": true},
      "capabilities": ["KILL"], "tty": true, "no_new_privileges": false,
      "mount_config": {"mounts": [{"type": "bind", "source": "/s", "destination": "/d"}]}
    }`;
    expect(describeLine('sh', config)).toEqual({
      command: ['sh'],
      hostname: 'koye',
      environment: ['TERM=vt100', 'A=1', 'PATH=/bin'],
      namespaces: { mount: true, uts: true, net: true },
      capabilities: ['KILL'],
      tty: true,
      mounts: [{ type: 'bind', source: '/s', destination: '/d' }],
      deviceNodes: [],
      cgroup: { name: 'nsinit-tobi', optional: true },
    });
    expect(
      describeLine(
        '--rootfs /r --network host -e A=2 --cap-add CHOWN -v /v:/v --no-new-privileges sh',
        config,
      ),
    ).toMatchObject({
      rootfs: '/r',
      environment: ['TERM=vt100', 'A=2', 'PATH=/bin'],
      namespaces: { mount: true, uts: true, net: false },
      capabilities: ['CHOWN', 'KILL'],
      mounts: [{ destination: '/d' }, { destination: '/v' }],
      noNewPrivileges: true,
    });
  });

  it.each([
    [
      '--network hots',
      '--network: expected none, host, loopback, bridge[:NAME], macvlan:DEVICE[:MODE], ipvlan:DEVICE[:MODE], phys:DEVICE or netns:/PATH, got "hots"',
    ],
    ['--network netns:blue', 'or netns:/PATH, got "netns:blue"'],
    ['--network bridge:', 'got "bridge:"'],
    ['--network bridge --network none', '--network none: goes with no other network'],
    ['--network host --network bridge', '--network host: goes with no other network'],
    ['--publish 80:80', '--publish: there is no network that it could be about'],
    ['--network host -p 80:80', '--publish: there is no network that it could be about'],
    ['--ip 10.89.0.9', '--ip: there is no network that it could be about'],
    ['--network bridge -p 0:80', '--publish: 0 is no port'],
    ['--network bridge -p web:80', '--publish: "web" is no port'],
    ['--network bridge --ip 10.89.9', '--ip: expected an address such as 10.89.0.5'],
    [
      '--network bridge --ip 1.2.3.4',
      '--ip: expected an address in the network of the bridge ts-c0, 10.89.0.1/24, got "1.2.3.4"',
    ],
    [
      '--network bridge:br0 --ip 10.89.0.9',
      '--ip: expected an address with the length of its network, as 10.0.0.2/24, got "10.89.0.9"',
    ],
    ['--dns router', '--dns: expected an IP address such as 10.0.0.1, got "router"'],
    ['--add-host db', '--add-host: expected a name and an address such as db:10.0.0.5, got "db"'],
    [
      '--network host --namespace net=new',
      '--network and --namespace net=… are about the same thing: use one of them',
    ],
    ['--cgroup none -m 64M', '--cgroup none: there is nothing then that could limit the container'],
    ['--cwd tmp', '--cwd: expected an absolute path in the container, got "tmp"'],
    [
      '--userns --namespace user=host',
      '--userns needs a new user namespace, and --namespace user=… asks for another',
    ],
    [
      '--no-new-privileges --allow-new-privileges',
      '--no-new-privileges and --allow-new-privileges contradict each other',
    ],
  ])('refuses %s', (line, message) => {
    expect(() => describeLine(`${line} true`)).toThrow(UsageError);
    expect(() => describeLine(`${line} true`)).toThrow(message);
  });
});
