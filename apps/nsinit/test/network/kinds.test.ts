import { describe, expect, it } from 'vitest';
import { busybox, makeRootfs } from '../rootfs.ts';
import { Host, needs, patience } from './host.ts';
import { knows } from './links.ts';

const isRoot = process.getuid?.() === 0;
const can = isRoot && busybox !== undefined;
const [hasMacvlan, hasIpvlan] = [await knows('macvlan'), await knows('ipvlan')];
const devices = [
  'busybox ip -o link | cut -d: -f2 | cut -d@ -f1 | tr -d " "',
  'busybox ip -o addr | grep -v " fe80:" | grep -o "[^ ]* *inet6\\? [^ ]*" | sed "s/  */ /g"',
].join('; ');

describe.skipIf(!can)(`the kinds of networks of --network (${needs})`, patience, () => {
  it.each([
    [[], ['lo', 'lo inet 127.0.0.1/8', 'lo inet6 ::1/128']],
    [['none'], ['lo', 'lo inet 127.0.0.1/8', 'lo inet6 ::1/128']],
    [['loopback'], ['lo', 'lo inet 127.0.0.1/8', 'lo inet6 ::1/128']],
    [
      ['bridge'],
      [
        'lo',
        'eth0',
        'lo inet 127.0.0.1/8',
        'lo inet6 ::1/128',
        'eth0 inet 10.89.0.2/24',
        'eth0 inet6 fd00:7473:2d63::2/64',
      ],
    ],
    [
      ['bridge', 'bridge:br7'],
      [
        'lo',
        'eth0',
        'eth1',
        'lo inet 127.0.0.1/8',
        'lo inet6 ::1/128',
        'eth0 inet 10.89.0.2/24',
        'eth0 inet6 fd00:7473:2d63::2/64',
        'eth1 inet 10.7.0.2/24',
      ],
    ],
    [
      ['phys:lan0'],
      ['lo', 'lan0', 'lo inet 127.0.0.1/8', 'lo inet6 ::1/128', 'lan0 inet 10.5.0.2/24'],
    ],
  ])('%j', async (networks, lines) => {
    await using host = await Host.start();
    await using other = await Host.start();
    host.addBridge('br7', '10.7.0.1/24');
    host.connect('lan0', [], other, ['10.5.0.1/24']);
    const before = host.look();
    const options = networks.flatMap((network) => ['--network', network]);
    if (networks[0]?.startsWith('phys')) options.push('--ip', '10.5.0.2/24');
    for (const user of [[], ['--userns']]) {
      const rootfs = ['--rootfs', makeRootfs()];
      const words = ['run', ...rootfs, ...user, ...options, '--', 'sh', '-c', devices];
      const printed = await host.output(words);
      expect(printed.trimEnd().split('\n')).toEqual(lines);
      // Of this one the end inside goes with the namespace, since there is no hardware behind it.
      if (networks[0]?.startsWith('phys')) return;
    }
    expect(await host.settled(before)).toEqual(before);
  });

  it('host', async () => {
    await using host = await Host.start();
    host.addBridge('br7', '10.7.0.1/24');
    const links = await host.output(['run', '--network', 'host', 'sh', '-c', 'ls /sys/class/net']);
    expect(links.split('\n').filter(Boolean)).toEqual(['br7', 'lo']);
  });

  it('netns:PATH', async () => {
    await using host = await Host.start();
    await using other = await Host.start();
    other.addBridge('br9', '10.9.0.1/24');
    const before = [host.look(), other.look()];
    const printed = await host.output([
      'run',
      '--network',
      `netns:/proc/${other.pid}/ns/net`,
      'cat',
      '/proc/net/dev',
    ]);
    expect(printed).toContain('br9:');
    expect([host.look(), other.look()]).toEqual(before);
  });

  it.skipIf(!can || !hasMacvlan)('macvlan (needs the driver)', async () => {
    await using host = await Host.start();
    await using other = await Host.start();
    host.connect('lan0', ['10.5.0.1/24'], other, ['10.5.0.9/24']);
    const before = host.look();
    const script = `${devices}; busybox ping -c 1 -W 5 10.5.0.9 | grep received`;
    for (const user of [[], ['--userns']]) {
      const options = ['--network', 'macvlan:lan0', '--ip', '10.5.0.7/24'];
      const rootfs = ['--rootfs', makeRootfs()];
      const printed = await host.output([
        'run',
        ...rootfs,
        ...user,
        ...options,
        '--cap-add',
        'NET_RAW',
        'sh',
        '-c',
        script,
      ]);
      expect(printed).toContain('eth0 inet 10.5.0.7/24\n');
      expect(printed).toContain('1 packets received');
    }
    expect(await host.settled(before)).toEqual(before);
  });

  it.skipIf(!can || !hasIpvlan)('ipvlan (needs the driver)', async () => {
    await using host = await Host.start();
    await using other = await Host.start();
    host.connect('lan0', ['10.5.0.1/24'], other, ['10.5.0.9/24']);
    const before = host.look();
    const printed = await host.output([
      'run',
      '--network',
      'ipvlan:lan0:l2',
      '--ip',
      '10.5.0.7/24',
      '--cap-add',
      'NET_RAW',
      '--rootfs',
      makeRootfs(),
      'sh',
      '-c',
      `${devices}; busybox ping -c 1 -W 5 10.5.0.9 | grep received`,
    ]);
    expect(printed).toContain('eth0 inet 10.5.0.7/24\n');
    expect(printed).toContain('1 packets received');
    expect(await host.settled(before)).toEqual(before);
  });

  it('of nobody there is the loopback alone', async () => {
    await using host = await Host.start();
    const before = host.look();
    const options = { uid: 65_534 };
    const common = ['run', '--root', `/tmp/ts-c-nobody-${host.pid}`, '--userns'];
    const words = [...common, '--network', 'none', 'cat', '/proc/net/dev'];
    const printed = await host.output(words, options);
    expect(printed.match(/^ *\w+(?=:)/gm)?.map((name) => name.trim())).toEqual(['lo']);
    const refused = await host.nsinit([...common, '--network', 'bridge', 'true'], options).ended();
    expect(refused).toEqual({
      status: 125,
      stdout: '',
      stderr:
        'nsinit: network: a veth is a device of this machine, for which root is needed (CAP_NET_ADMIN), with a user namespace as well; without that there are the loopback alone (--network none) and the network of this machine (--network host)\n',
    });
    expect(host.look()).toEqual(before);
  });
});
