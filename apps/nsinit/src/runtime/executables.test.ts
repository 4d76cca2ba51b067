import type { Layout } from '@ts-c/cgroups';
import type { LeaseLook } from '@ts-c/network';
import type { Image } from '@ts-c/syscall';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { hasCgroups } from '../../test/cgroups.ts';
import { fixedLayout } from '../../test/layouts.ts';
import { fixedSituation } from '../../test/networks.ts';
import { busybox, makeRootfs } from '../../test/rootfs.ts';
import { writeContainer, type Plan } from './container-program.ts';
import { complete, type ContainerRequest } from './defaults.ts';
import { compileContainer } from './executables.ts';
import { lookUp } from './facts.ts';
import { run } from './run.ts';
import { Template } from './template.ts';

const veth = { type: 'veth', bridge: 'docker0' };

/** The plan of a container that finds so many addresses taken. */
function planOf(request: Partial<ContainerRequest>, others = 0, layout?: Layout): Plan {
  const description = complete({ command: ['/bin/true'], ...request });
  const addresses = Array.from({ length: others }, (_, index) => index + 1);
  const holders = new Map(
    addresses.flatMap((last) => [
      [`172.17.0.${last}`, 'another'],
      [`fd00:1::${last}`, 'another'],
    ]),
  );
  const look = (address: string): LeaseLook => ({ holder: holders.get(address) });
  const leases = new Map([['docker0', { addresses: new Set(holders.keys()), look }]]);
  const network = fixedSituation.facts && { facts: { ...fixedSituation.facts, leases } };
  return { description, facts: lookUp(description, { layout, network }) };
}

/** What is executed, and what it has to be. */
function compileOf(plan: Plan): { readonly bytes: Uint8Array; readonly genuine: Uint8Array } {
  using compiled = compileContainer(plan);
  const genuine = writeContainer(plan).program.compile().bytes;
  return { bytes: compiled.executable.image.bytes, genuine };
}

/** An executable with a name, and something that is made of the name. */
function shouting(name: string): Pick<Image, 'bytes'> {
  return { bytes: Buffer.from(`${name} ${name.toUpperCase()}`) };
}

/** An executable with addresses. */
function listing(addresses: readonly string[]): Image {
  return { bytes: Buffer.from(addresses.join(' ')) } satisfies Partial<Image> as unknown as Image;
}

afterEach(() => vi.restoreAllMocks());

describe('compileContainer', () => {
  it.each<[string, Partial<ContainerRequest>]>([
    ['a veth', { network: { networks: [{ ...veth, address: '172.17.0.101/16' }] } }],
    ['an address that is chosen', { network: { networks: [veth] } }],
    [
      'IPv6, published ports and a file of hosts',
      {
        hostname: 'box',
        network: {
          networks: [{ ...veth, ipv6_subnet: 'fd00:1::/64', subnet: '172.17.0.0/16' }],
          publish: [{ hostPort: 8080, port: 80 }],
          dns: {},
        },
      },
    ],
    ['a cgroup', { cgroup: { memory: '64M', pids: 20 } }],
  ])('fills in a template for the third container of a kind, and on: %s', (_, request) => {
    const fill = vi.spyOn(Template.prototype, 'fill');
    const { layout } = fixedLayout(1);
    const compiled = [1, 2, 3, 2, 7].map((others) => compileOf(planOf(request, others, layout)));
    // Once more to see that the template is one.
    expect(fill).toHaveBeenCalledTimes(4);
    expect(compiled.map(({ bytes, genuine }) => Buffer.compare(bytes, genuine))).toEqual([
      0, 0, 0, 0, 0,
    ]);
  });

  it('has no template for another prefix, or an address that is as long as another', () => {
    const fill = vi.spyOn(Template.prototype, 'fill');
    const plans = ['10.1.0.10/16', '10.2.0.10/16', '10.1.0.10/24', '10.1.10.1/16'].map((address) =>
      planOf({ network: { networks: [{ ...veth, address }] } }),
    );
    const same = plans.map(compileOf).map(({ bytes, genuine }) => Buffer.compare(bytes, genuine));
    expect(same).toEqual([0, 0, 0, 0]);
    expect(fill).not.toHaveBeenCalled();
  });

  it.each<[string, readonly Partial<ContainerRequest>[]]>([
    [
      'a number that is also its name',
      [100_000, 165_536, 231_072].map((hostId) => ({
        cgroup: { name: `${hostId}` },
        namespaces: { user: true, mount: true, pid: true },
        uidMappings: [{ containerId: 0, hostId, size: 65_536 }],
        gidMappings: [{ containerId: 0, hostId: 0, size: 1 }],
      })),
    ],
    [
      'a tab, which JSON writes with a letter of its name',
      ['boxes', 'foxes', 'goats'].map((name) => ({
        command: ['/bin/echo', `\t${name}`],
        cgroup: { name: `t${name}` },
      })),
    ],
    [
      'the network of an address',
      [11, 12, 40, 50].map((last) => ({
        network: {
          id: 'box',
          networks: [{ ...veth, address: `172.17.0.${last}/28` }],
          publish: [{ hostPort: 8080, port: 80 }],
        },
      })),
    ],
    [
      'names in other texts, and in each other',
      ['abcdef', 'bcdefg', 'cdefgh'].map((id) => ({
        command: ['/bin/echo', `x${id}y`, '172.17.0.9', '172.17.0.91'],
        environment: [`ID=${id}`, 'OTHER=abcdef'],
        hostname: id,
        cgroup: { name: `${id}-x` },
        network: { id, networks: [{ ...veth, address: '172.17.0.9/16' }], dns: {} },
      })),
    ],
  ])('takes nothing else for a name or an address: %s', (_, requests) => {
    vi.spyOn(Math, 'random').mockReturnValue(0.05);
    const { layout } = fixedLayout(1);
    const compiled = requests.map((request) => compileOf(planOf(request, 0, layout)));
    expect(compiled.map(({ bytes, genuine }) => Buffer.compare(bytes, genuine))).toEqual(
      requests.map(() => 0),
    );
  });

  it('shares one executable where all containers are alike', () => {
    using first = compileContainer(planOf({ hostname: 'alike' }));
    using second = compileContainer(planOf({ hostname: 'alike' }));
    expect(second.executable).toBe(first.executable);
    expect(second.executable.path).toMatch(/^\/proc\/self\/fd\/\d+$/);
  });

  it.skipIf(!hasCgroups || !busybox)(
    'explains what fails in a container of a template (needs cgroups and busybox-static)',
    async () => {
      const request = {
        command: ['/there/is/none'],
        cgroup: { pids: 20 },
        rootfs: makeRootfs(),
      };
      const failures = [];
      for (let count = 0; count < 4; count += 1)
        failures.push(await run(request).catch(({ code, path, step }) => ({ code, path, step })));
      expect(failures[0]).toMatchObject({ code: 'ENOENT', path: '/there/is/none' });
      expect(failures.slice(1)).toEqual(failures.slice(0, 3));
    },
  );
});

describe('a Template', () => {
  it('is none where something is derived from a name', () => {
    const blank = { kind: 'name', value: 'veth0123456' } as const;
    const compileWith = ([name = '']: readonly string[]): Image => shouting(name) as Image;
    const { bytes } = shouting(blank.value);
    expect(Template.of(bytes, [blank], compileWith)).toBeUndefined();
  });

  it('is none where it is not clear which of two addresses is meant', () => {
    // With these numbers one is 10.0.0.55, and the other 10.0.0.5.
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const blanks = ['10.0.0.25', '10.0.0.2'].map((value) => ({ kind: 'address', value }) as const);
    const { bytes } = listing(blanks.map(({ value }) => value));
    expect(Template.of(bytes, blanks, listing)).toBeUndefined();
  });
});
