import { recvfrom, sendto } from '../src/netlink/calls.ts';
import { NLMSG, encodeMessage, messagesOf, NLM_F } from '../src/netlink/index.ts';
import { close, live, Memory, Program, spawn, type Kernel } from '@ts-c/syscall';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  addNatTable,
  claimPorts,
  deleteNatTable,
  getChain,
  getRule,
  getTable,
  natSysctls,
  natTable,
  NFPROTO,
  parsePublish,
  withNetfilter,
  writeSysctls,
  type NatOptions,
} from '../src/nftables/index.ts';
import { has } from './find.ts';
import { makeWorld, Machine } from './world.ts';

const addresses = [
  { address: '10.0.0.2', prefix: 24 },
  { address: 'fd00::2', prefix: 64 },
];
const options: NatOptions = {
  id: 'web',
  bridge: 'br0',
  addresses,
  published: [
    '8080:80',
    '8053:53/udp',
    '127.0.0.1:9090:80',
    '192.0.2.1:7070:80',
    '6000-6010:6000-6010',
    '5000-5001:79-80',
  ].map(parsePublish),
};

const golden = `table inet ts-c-web {
	chain guard {
		type filter hook prerouting priority raw; policy accept;
		iifname "br0" ip daddr 127.0.0.0/8 drop
		iifname "br0" ip saddr 127.0.0.0/8 drop
	}

	chain prerouting {
		type nat hook prerouting priority dstnat; policy accept;
		meta nfproto ipv4 fib daddr type local tcp dport 8080 dnat ip to 10.0.0.2:80
		meta nfproto ipv6 fib daddr type local tcp dport 8080 dnat ip6 to [fd00::2]:80
		meta nfproto ipv4 fib daddr type local udp dport 8053 dnat ip to 10.0.0.2:53
		meta nfproto ipv6 fib daddr type local udp dport 8053 dnat ip6 to [fd00::2]:53
		ip daddr 192.0.2.1 tcp dport 7070 dnat ip to 10.0.0.2:80
		meta nfproto ipv4 fib daddr type local tcp dport 6000-6010 dnat ip to 10.0.0.2
		meta nfproto ipv6 fib daddr type local tcp dport 6000-6010 dnat ip6 to fd00::2
		meta nfproto ipv4 fib daddr type local tcp dport 5000 dnat ip to 10.0.0.2:79
		meta nfproto ipv4 fib daddr type local tcp dport 5001 dnat ip to 10.0.0.2:80
		meta nfproto ipv6 fib daddr type local tcp dport 5000 dnat ip6 to [fd00::2]:79
		meta nfproto ipv6 fib daddr type local tcp dport 5001 dnat ip6 to [fd00::2]:80
	}

	chain output {
		type nat hook output priority -100; policy accept;
		ip6 daddr ::1 return
		meta nfproto ipv4 fib daddr type local tcp dport 8080 dnat ip to 10.0.0.2:80
		meta nfproto ipv6 fib daddr type local tcp dport 8080 dnat ip6 to [fd00::2]:80
		meta nfproto ipv4 fib daddr type local udp dport 8053 dnat ip to 10.0.0.2:53
		meta nfproto ipv6 fib daddr type local udp dport 8053 dnat ip6 to [fd00::2]:53
		ip daddr 127.0.0.1 tcp dport 9090 dnat ip to 10.0.0.2:80
		ip daddr 192.0.2.1 tcp dport 7070 dnat ip to 10.0.0.2:80
		meta nfproto ipv4 fib daddr type local tcp dport 6000-6010 dnat ip to 10.0.0.2
		meta nfproto ipv6 fib daddr type local tcp dport 6000-6010 dnat ip6 to fd00::2
		meta nfproto ipv4 fib daddr type local tcp dport 5000 dnat ip to 10.0.0.2:79
		meta nfproto ipv4 fib daddr type local tcp dport 5001 dnat ip to 10.0.0.2:80
		meta nfproto ipv6 fib daddr type local tcp dport 5000 dnat ip6 to [fd00::2]:79
		meta nfproto ipv6 fib daddr type local tcp dport 5001 dnat ip6 to [fd00::2]:80
	}

	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr 10.0.0.2 oifname != "br0" masquerade
		ip daddr 10.0.0.2 oifname "br0" ct status dnat ip saddr 10.0.0.0/24 masquerade
		ip daddr 10.0.0.2 oifname "br0" ct status dnat fib saddr type local masquerade
		ip6 saddr fd00::2 oifname != "br0" masquerade
		ip6 daddr fd00::2 oifname "br0" ct status dnat ip6 saddr fd00::/64 masquerade
		ip6 daddr fd00::2 oifname "br0" ct status dnat fib saddr type local masquerade
	}
}
`;

const hasNft = has('nft');
const add = (kernel: Kernel, plan: NatOptions = options): void =>
  withNetfilter(kernel, (socket) => addNatTable(kernel, socket, natTable(plan)));
const remove = (kernel: Kernel, id = 'web'): void =>
  withNetfilter(kernel, (socket) => deleteNatTable(kernel, socket, id));
const ruleset = (machine: Machine): string => machine.run('nft', 'list', 'ruleset');

/** Runs steps in the network of a machine, as a Program of its own; with the error that it reports. */
async function runProgram(machine: Machine, body: (kernel: Kernel) => void): Promise<unknown> {
  const program = new Program();
  program.section('test', 'test', () => body(program));
  const { process } = machine.inside(() => spawn(program, { stdio: 'ignore' }));
  let failure: unknown;
  process.on('error', (error) => (failure = error));
  // Not once(), which an error ends.
  await new Promise((resolve) => process.on('close', resolve));
  return failure;
}

describe.skipIf(!has('ip'))('a container’s table among machines (needs iproute2)', () => {
  let world: Awaited<ReturnType<typeof makeWorld>>;
  let unreachable = '';
  beforeAll(async () => {
    world = await makeWorld();
    const { host } = world;
    unreachable = await world.web.ask('tcp', '192.0.2.2', 80);
    host.inside(() => {
      writeSysctls(live, natSysctls(options));
      add(live);
    });
  }, 30_000);
  afterAll(() => world[Symbol.asyncDispose]());

  it('is what makes the difference', () => expect(unreachable).toBe('nothing'));

  it.each([
    ['tcp', '192.0.2.2', 80, '192.0.2.1'],
    ['udp', '192.0.2.2', 53, '192.0.2.1'],
    ['tcp', '2001:db8::2', 80, '2001:db8::1'],
    ['udp', '2001:db8::2', 53, '2001:db8::1'],
  ] as const)(
    'lets it reach the world by %s to %s, as the host',
    async (protocol, to, port, as) => {
      expect(await world.web.ask(protocol, to, port)).toBe(`outside ${as}`);
    },
  );

  it('leaves alone who stays on the bridge', async () => {
    expect(await world.web.ask('tcp', '10.0.0.3', 80)).toBe('other 10.0.0.2');
    expect(await world.other.ask('tcp', 'fd00::2', 80)).toBe('web fd00::3');
  });

  it.each([
    ['tcp', '192.0.2.1', 8080, 'web 192.0.2.2'],
    ['tcp', '2001:db8::1', 8080, 'web 2001:db8::2'],
    ['udp', '192.0.2.1', 8053, 'web 192.0.2.2'],
    ['udp', '2001:db8::1', 8053, 'web 2001:db8::2'],
    ['tcp', '192.0.2.1', 7070, 'web 192.0.2.2'],
    ['tcp', '2001:db8::1', 7070, 'ECONNREFUSED'],
    ['tcp', '192.0.2.1', 5001, 'web 192.0.2.2'],
    ['tcp', '192.0.2.1', 9090, 'ECONNREFUSED'],
    ['tcp', '192.0.2.1', 8081, 'ECONNREFUSED'],
  ] as const)('answers others by %s on %s port %i: %s', async (protocol, to, port, answer) => {
    expect(await world.outside.ask(protocol, to, port)).toBe(answer);
  });

  it.each(['192.0.2.1', '10.0.0.1', '127.0.0.1', '2001:db8::1', 'fd00::1'])(
    'answers the host itself on %s',
    async (to) => {
      const as = to.includes(':') ? 'web fd00::1' : 'web 10.0.0.1';
      expect(await world.host.ask('tcp', to, 8080)).toBe(as);
      expect(await world.host.ask('udp', to, 8053)).toBe(as);
    },
  );

  it('answers the host alone on 127.0.0.1, and nobody on ::1, at once', async () => {
    expect(await world.host.ask('tcp', '127.0.0.1', 9090)).toBe('web 10.0.0.1');
    expect(await world.host.ask('tcp', '::1', 8080)).toBe('ECONNREFUSED');
  });

  it.each(['192.0.2.1', '10.0.0.1', '2001:db8::1', 'fd00::1'])(
    'answers another container on %s, and the container itself',
    async (to) => {
      const as = to.includes(':') ? 'web fd00::1' : 'web 10.0.0.1';
      expect(await world.other.ask('tcp', to, 8080)).toBe(as);
      expect(await world.other.ask('udp', to, 8053)).toBe(as);
      expect(await world.web.ask('tcp', to, 8080)).toBe(as);
    },
  );

  it('keeps the host’s 127.0.0.0/8 from those on the bridge', async () => {
    const { host, other } = world;
    other.run('ip', 'route', 'add', '127.0.0.1', 'via', '10.0.0.1', 'dev', 'eth0', 'table', '7');
    other.run('ip', 'rule', 'add', 'to', '127.0.0.1', 'lookup', '7', 'pref', '1');
    other.run('ip', 'rule', 'add', 'from', 'all', 'lookup', 'local', 'pref', '2');
    other.run('ip', 'rule', 'del', 'pref', '0');
    other.inside(() =>
      writeSysctls(live, [
        {
          path: '/proc/sys/net/ipv4/conf/eth0/route_localnet',
          value: '1',
          changes: 'an attack',
          scope: 'host',
        },
      ]),
    );
    // Its own server is what a packet that comes through would find.
    expect(await other.ask('tcp', '127.0.0.1', 80)).toBe('nothing');
    host.run('nft', 'flush', 'chain', 'inet', 'ts-c-web', 'guard');
    expect(await other.ask('tcp', '127.0.0.1', 80)).toMatch(/^host /);
  });

  it('takes ports for the host’s programs to see', () => {
    const sockets = world.host.inside(() => {
      const taken = claimPorts(live, options);
      expect(() => claimPorts(live, options)).toThrow(
        expect.objectContaining({
          code: 'EADDRINUSE',
          syscall: 'bind',
          title: 'publish 8080:80/tcp',
        }),
      );
      return taken;
    });
    // 8080 and 8053 in both families, 9090, 7070, and the ranges in both.
    expect(sockets).toHaveLength(2 + 2 + 1 + 1 + 22 + 4);
    world.host.inside(() => {
      const elsewhere = { addresses, published: [parsePublish('192.0.2.77:1234:80')] };
      expect(() => claimPorts(live, elsewhere)).toThrow(
        expect.objectContaining({ code: 'EADDRNOTAVAIL' }),
      );
    });
    for (const socket of sockets) live.call(close, socket);
  });
});

describe.skipIf(!has('ip'))('a container’s table (needs iproute2)', () => {
  let host: Machine;
  beforeAll(async () => void (host = await Machine.start('host')), 30_000);
  afterEach(() => host.inside(() => remove(live)));
  afterAll(() => host[Symbol.asyncDispose]());

  it.skipIf(!hasNft)('is what nft shows, and all of it goes (needs nftables)', () => {
    host.run('nft', 'add table inet of-another; add chain inet of-another c');
    const before = ruleset(host);
    host.inside(() => add(live));
    expect(host.run('nft', 'list', 'table', 'inet', 'ts-c-web')).toBe(golden);
    host.inside(() => remove(live));
    expect(ruleset(host)).toBe(before);
    // There is none any more.
    host.inside(() => remove(live));
  });

  it.skipIf(!hasNft)('is the same from a Program (needs nftables)', async () => {
    const before = ruleset(host);
    expect(await runProgram(host, (kernel) => add(kernel))).toBeUndefined();
    expect(host.run('nft', 'list', 'table', 'inet', 'ts-c-web')).toBe(golden);
    expect(await runProgram(host, (kernel) => add(kernel))).toEqual(
      expect.objectContaining({
        code: 'EEXIST',
        syscall: 'netlink',
        title: 'nftables table ts-c-web',
        step: expect.objectContaining({
          call: expect.stringMatching(/^NFT_MSG_NEWRULE, \d+ in a batch$/) as string,
        }) as object,
      }),
    );
    expect(await runProgram(host, (kernel) => remove(kernel))).toBeUndefined();
    expect(await runProgram(host, (kernel) => remove(kernel))).toBeUndefined();
    expect(ruleset(host)).toBe(before);
  });

  it('is refused once there is one, by what the kernel says', () => {
    host.inside(() => {
      add(live);
      expect(() => add(live)).toThrow(
        expect.objectContaining({
          code: 'EEXIST',
          request: 'NFT_MSG_NEWTABLE',
          attribute: 'name',
          title: 'nftables table ts-c-web',
        }),
      );
      remove(live);
    });
  });

  it('is made whole or not at all', () => {
    host.inside(() => {
      const plan = natTable(options);
      const wrong = plan.requests.map((each, index) =>
        index === 5 ? { ...each, body: { ...(each.body as object), chain: 'none' } } : each,
      );
      withNetfilter(live, (socket) =>
        expect(() => addNatTable(live, socket, { ...plan, requests: wrong })).toThrow(
          expect.objectContaining({
            code: 'ENOENT',
            request: 'NFT_MSG_NEWRULE',
            attribute: 'chain',
          }),
        ),
      );
      expect(tables()).toEqual([]);
    });
  });

  it('takes many ports', () => {
    host.inside(() => {
      add(live, { ...options, published: [parsePublish('20000-20499:30000-30499')] });
      expect(dump(getRule).length).toBeGreaterThan(2000);
      remove(live);
    });
  });

  it('goes with the socket that owns it', () => {
    host.inside(() => {
      const plan = natTable({ ...options, owned: true });
      withNetfilter(live, (socket) => {
        addNatTable(live, socket, plan);
        expect(tables()).toEqual(['ts-c-web']);
        expect(() => remove(live)).toThrow(expect.objectContaining({ code: 'EPERM' }));
        expect(tables()).toEqual(['ts-c-web']);
      });
      expect(tables()).toEqual([]);
    });
  });

  it.skipIf(!hasNft)(
    'is read and written again as it was, and what nft makes too (needs nftables)',
    () => {
      host.run(
        'nft',
        `table inet of-nft {
        comment "a table"
        set ports { type inet_service; flags interval; elements = { 80, 443 } }
        chain c {
          type nat hook prerouting priority dstnat + 5;
          tcp dport @ports counter dnat ip to 10.0.0.2 comment "a rule"
          ip saddr 10.0.0.0/20 meta mark set 7 limit rate 5/second accept
        }
      }`,
      );
      host.inside(() => {
        add(live);
        for (const operation of [getTable, getChain, getRule]) {
          const bodies = dump(operation);
          expect(bodies.length).toBeGreaterThan(1);
          for (const bytes of bodies) {
            const body = operation.codec.read(bytes, 0, bytes.length);
            const again = encodeMessage(operation.codec, { type: 0, body: body as never });
            expect(again.subarray(16).toString('hex')).toBe(bytes.toString('hex'));
          }
        }
        remove(live);
      });
      host.run('nft', 'delete table inet of-nft');
    },
  );
});

/** The bodies of all the messages that a dump of the family `inet` gives. */
function dump({ type, codec }: typeof getTable | typeof getChain | typeof getRule): Buffer[] {
  const bodies: Buffer[] = [];
  withNetfilter(live, (socket) => {
    const asked = encodeMessage(codec, {
      type,
      flags: NLM_F.REQUEST | NLM_F.DUMP,
      body: { family: NFPROTO.INET },
    });
    live.call(sendto, socket, new Memory(asked), asked.length, 0, null, 0);
    for (let isDone = false; !isDone;) {
      const memory = new Memory(65_536);
      const count = Number(live.call(recvfrom, socket, memory, memory.size, 0, null, null));
      const bytes = Buffer.from(memory.bytes.subarray(0, count));
      for (const header of messagesOf(bytes))
        if (header.type === NLMSG.DONE) isDone = true;
        else bodies.push(bytes.subarray(header.bodyStart, header.end));
    }
  });
  return bodies;
}

/** The names of the tables of ours. */
function tables(): string[] {
  return dump(getTable)
    .map((bytes) => getTable.codec.read(bytes, 0, bytes.length) as { name?: string })
    .flatMap(({ name }) => (name?.startsWith('ts-c-') ? [name] : []));
}
