import type { NetworkSituation } from '../src/runtime/network.ts';

/** A machine with the bridge of attach_to_bridge.json, whatever machine a test runs on. Names of devices are always the same. */
export const fixedSituation: NetworkSituation = {
  facts: {
    links: new Map([
      [
        'docker0',
        {
          name: 'docker0',
          index: 3,
          kind: 'bridge',
          mac: '02:42:ac:11:2a:01',
          addresses: ['172.17.42.1/16'],
        },
      ],
    ]),
    routes: [],
    leases: new Map(),
    hasIpv6: true,
  },
  random: (length) => 'x'.repeat(length),
};
