import { spawnSync } from 'node:child_process';
import { accessSync, constants, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { within } from '@ts-c/namespaces';
import { describe, expect, it } from 'vitest';
import {
  addRoute,
  createLink,
  getLink,
  listAddresses,
  NetlinkSocket,
  NetworkNamespace,
  ping,
  type PingOptions,
} from '../src/index.ts';
import { openDescriptors } from './descriptors.ts';

/** Two namespaces with a cable between them. */
async function cable(): Promise<
  { left: NetworkNamespace; right: NetworkNamespace } & AsyncDisposable
> {
  const left = await NetworkNamespace.create();
  const right = await NetworkNamespace.create();
  const peer = {
    name: 'eth0',
    namespace: right,
    up: true,
    addresses: ['10.0.0.2/24', 'fd00::2/64'],
  };
  const addresses = ['10.0.0.1/24', 'fd00::1/64'];
  await createLink({ kind: 'veth', name: 'eth0', up: true, addresses, peer }, { namespace: left });
  return {
    left,
    right,
    async [Symbol.asyncDispose]() {
      left.close();
      right.close();
    },
  };
}

/** May settings of a network be changed here? */
const hasSysctls = ((): boolean => {
  try {
    accessSync('/proc/sys/net/ipv4/ip_forward', constants.W_OK);
    return true;
  } catch {
    return false;
  }
})();
function setSysctl(namespace: NetworkNamespace, name: string, value: string): void {
  within('net', namespace, () => writeFileSync(`/proc/sys/net/${name}`, value));
}

/** Nothing is left open, whatever becomes of a ping. */
async function outcome(address: string, options: PingOptions): Promise<unknown> {
  const before = openDescriptors();
  try {
    return await ping(address, options);
  } catch (error) {
    return error;
  } finally {
    await expect.poll(openDescriptors).toBeLessThanOrEqual(before);
  }
}

describe.each([
  ['by a raw socket', false],
  ['by a socket of icmp(7) (needs a writable /proc/sys)', true],
])('ping %s', (_name, isDatagram) => {
  async function network(): ReturnType<typeof cable> {
    const made = await cable();
    if (isDatagram) setSysctl(made.left, 'ipv4/ping_group_range', '0 2147483647');
    return made;
  }

  it.skipIf(isDatagram && !hasSysctls).each(['10.0.0.2', 'fd00::2', '10.0.0.1', '::1'])(
    'tells how long %s has taken',
    async (address) => {
      await using net = await network();
      const reply = await outcome(address, { namespace: net.left });
      expect(reply).toEqual({ address, milliseconds: expect.any(Number), ttl: 64 });
      const { milliseconds } = reply as { milliseconds: number };
      expect(milliseconds).toBeGreaterThan(0);
      expect(milliseconds).toBeLessThan(5000);
    },
  );

  it.skipIf(isDatagram && !hasSysctls)('sends more, less and many at a time', async () => {
    await using net = await network();
    using namespace = NetlinkSocket.open({ namespace: net.left });
    const sizes = [0, 1, 1473, 65_507];
    for (const size of sizes)
      for (const address of ['10.0.0.2', 'fd00::2'])
        expect(await outcome(address, { namespace, size })).toMatchObject({ address });
    const many = Array.from({ length: 50 }, (_, index) =>
      ping(index % 2 ? '10.0.0.2' : 'fd00::2', { namespace: net.left }),
    );
    expect((await Promise.all(many)).length).toBe(50);
  });

  it.skipIf(isDatagram && !hasSysctls)('ends when nobody answers in time', async () => {
    await using net = await network();
    for (const address of ['10.0.0.9', 'fd00::9']) {
      const started = performance.now();
      expect(await outcome(address, { namespace: net.left, timeout: 200 })).toMatchObject({
        name: 'PingError',
        code: 'ETIMEDOUT',
        errno: -110,
        syscall: 'ping',
        address,
        message: `ETIMEDOUT: connection timed out, ping ${address}`,
      });
      expect(performance.now() - started).toBeLessThan(2500);
    }
  });

  it.skipIf(isDatagram && !hasSysctls)('knows at once where there is no route', async () => {
    await using net = await network();
    for (const address of ['192.0.2.1', '2001:db8::1'])
      expect(await outcome(address, { namespace: net.left })).toMatchObject({
        code: 'ENETUNREACH',
        message: expect.stringMatching(new RegExp(`^ENETUNREACH: .*, ping ${address}$`)),
      });
    await addRoute({ destination: '192.0.2.0/24', type: 'unreachable' }, { namespace: net.left });
    expect(await outcome('192.0.2.1', { namespace: net.left })).toMatchObject({
      code: 'EHOSTUNREACH',
    });
  });

  it.skipIf(isDatagram && !hasSysctls)('hears that nobody has the address', async () => {
    await using net = await network();
    const all = ['10.0.0.9', 'fd00::9'].map((address) =>
      ping(address, { namespace: net.left, timeout: 20_000 }).catch((error: unknown) => error),
    );
    expect(await Promise.all(all)).toMatchObject([
      { code: 'EHOSTUNREACH', address: '10.0.0.9' },
      { code: 'EHOSTUNREACH', address: 'fd00::9' },
    ]);
  });

  it.skipIf(!hasSysctls)(
    'hears it from a router, about its own request alone (needs a writable /proc/sys)',
    async () => {
      await using net = await network();
      setSysctl(net.right, 'ipv4/ip_forward', '1');
      setSysctl(net.right, 'ipv6/conf/all/forwarding', '1');
      for (const [destination, via] of [
        ['192.0.2.0/24', '10.0.0.2'],
        ['2001:db8::/32', 'fd00::2'],
      ] as const) {
        await addRoute({ destination, via }, { namespace: net.left });
        await addRoute({ destination, type: 'unreachable' }, { namespace: net.right });
      }
      const all = ['192.0.2.1', '2001:db8::1', '192.0.2.1', '10.0.0.2'].map((address) =>
        ping(address, { namespace: net.left }).catch((error: unknown) => error),
      );
      expect(await Promise.all(all)).toMatchObject([
        { code: 'EHOSTUNREACH', from: '10.0.0.2' },
        { code: expect.stringMatching(/^E(HOST|NET)UNREACH$/), from: 'fd00::2' },
        { message: expect.stringMatching(/, ping 192\.0\.2\.1: so says 10\.0\.0\.2$/) },
        { address: '10.0.0.2', ttl: 64 },
      ]);
    },
  );
});

describe('ping', () => {
  it('ends with a signal', async () => {
    await using net = await cable();
    const options = { namespace: net.left };
    const aborted = AbortSignal.abort(new Error('before'));
    expect(await outcome('10.0.0.2', { ...options, signal: aborted })).toEqual(new Error('before'));
    const controller = new AbortController();
    const end = async (): Promise<void> => {
      await setTimeout(50);
      controller.abort(new Error('enough'));
    };
    void end();
    expect(await outcome('10.0.0.9', { ...options, signal: controller.signal })).toEqual(
      new Error('enough'),
    );
  });

  it('takes a link-local address with its device', async () => {
    await using net = await cable();
    const options = { namespace: net.left };
    const { index } = await getLink('eth0', options);
    // It has none before the kernel knows that there is a neighbour.
    const until = Date.now() + 10_000;
    let peer = '';
    while (peer === '' && Date.now() < until) {
      const all = await listAddresses({ namespace: net.right, family: 6 });
      [peer = ''] = (all.find(({ address }) => address.startsWith('fe80:'))?.address ?? '').split(
        '/',
      );
      await setTimeout(10);
    }
    // Its own address is not usable before it is known that nobody else has it.
    let reply = await outcome(`${peer}%eth0`, { ...options, timeout: 500 });
    while (reply instanceof Error && Date.now() < until)
      reply = await outcome(`${peer}%eth0`, { ...options, timeout: 500 });
    expect(reply).toMatchObject({ address: `${peer}%eth0` });
    expect(await outcome(`${peer}%${index}`, options)).toMatchObject({ ttl: 64 });
    expect(await outcome(`${peer}%nonesuch`, options)).toMatchObject({
      code: 'ENODEV',
      path: 'nonesuch',
    });
  });

  it.each<[string, RegExp, string, PingOptions]>([
    ['a name', /^address: expected an IPv4 or IPv6 address/, 'localhost', {}],
    ['a prefix', /^address: .* without a prefix, got "10\.0\.0\.1\/24"$/, '10.0.0.1/24', {}],
    ['nothing', /^address: /, undefined as never, {}],
    ['a zone of IPv4', /^address: /, '10.0.0.1%eth0', {}],
    ['no zone', /^address: .* such as fe80::1%eth0, got "fe80::1"$/, 'fe80::1', {}],
    ['a timeout of 0', /timeout.*0$/, '127.0.0.1', { timeout: 0 }],
    ['a size that is too large', /size.*70000$/, '127.0.0.1', { size: 70_000 }],
  ])('refuses %s', async (_what, message, address, options) => {
    expect(await outcome(address, options)).toMatchObject({
      name: 'TypeError',
      message: expect.stringMatching(message),
    });
  });

  it('says what is missing where it is not allowed, and works where it is (needs a checkout that others can read)', async ({
    skip,
  }) => {
    await using namespace = await NetworkNamespace.create();
    const index = new URL('../src/index.ts', import.meta.url).pathname;
    const flags = ['--no-warnings', '--conditions=@ts-c/source', '--input-type=module', '-e'];
    const script = `const { ping } = await import(${JSON.stringify(index)}).catch(() => ({}));
      if (ping) await ping('127.0.0.1').then(
        ({ ttl }) => console.log('ttl', ttl),
        ({ code, message }) => console.log(code, message),
      );`;
    const user = { uid: 65_534, gid: 65_534, cwd: '/', encoding: 'utf8' } as const;
    const run = (): string =>
      within('net', namespace, () => spawnSync(process.execPath, [...flags, script], user)).stdout;
    const refusal = run();
    skip(!refusal, 'needs a checkout that others can read');
    expect(refusal).toMatch(
      /^EPERM EPERM: .*, ping 127\.0\.0\.1: it takes CAP_NET_RAW, or a group .*ping_group_range/,
    );
    skip(!hasSysctls, 'needs a writable /proc/sys');
    setSysctl(namespace, 'ipv4/ping_group_range', '65534 65534');
    expect(run()).toBe('ttl 64\n');
  });
});
