import { describe, expect, it } from 'vitest';
import { plan } from '../../src/index.ts';
import { networkFilesOf } from '../../src/runtime/network.ts';
import { complete } from '../../src/runtime/defaults.ts';
import { fixedSituation } from '../networks.ts';

const networks = [{ type: 'loopback' }, { type: 'veth' }];

describe('the network of a description', () => {
  it.each<[object, string]>([
    [['bridge'], 'network.networks: expected a list of devices'],
    [{ networks: 'bridge' }, 'network.networks: expected a list of devices'],
    [{ networks, dns: ['9.9.9.9'] }, 'network.dns: expected an object'],
    [{ networks, hosts: ['db'] }, 'network.hosts[0]: expected a name and an address'],
    [{ networks, publish: ['8080:80'] }, 'network.publish[0]: expected ports to publish'],
  ])('is refused by its field: %j', (network, message) => {
    expect(() =>
      plan({ command: ['true'], network: network as never }, { network: fixedSituation }),
    ).toThrow(message);
  });

  it('has the files of names where it has hosts alone', () => {
    const description = complete({
      command: ['true'],
      network: { networks, hosts: ['db:10.0.0.5'] },
    });
    const [resolv, hosts] = networkFilesOf(description, undefined);
    expect(resolv?.path).toBe('/etc/resolv.conf');
    expect(hosts).toMatchObject({ path: '/etc/hosts', text: expect.stringContaining('10.0.0.5') });
  });
});
