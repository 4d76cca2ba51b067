import type { Options, Values } from './options.ts';

/** Options about a container's network. */
export const networkOptions = {
  network: {
    type: 'string',
    multiple: true,
    value: 'NETWORK',
    description:
      'none (a loopback alone, the default), host (this machine’s), bridge (reaches the world) or bridge:NAME (one of yours), macvlan:DEVICE, ipvlan:DEVICE, phys:DEVICE, netns:PATH. Each time one more device: eth0, eth1',
  },
  ip: {
    type: 'string',
    multiple: true,
    value: 'ADDRESS[/LENGTH]',
    description:
      'Its address on the first of them, IPv4 or IPv6, instead of one that is free: 10.89.0.10, with a bridge of yours 10.0.0.5/24',
  },
  publish: {
    type: 'string',
    short: 'p',
    multiple: true,
    value: '[HOSTIP:]HOSTPORT:PORT[/udp]',
    description:
      'Let a port of this machine lead to one of the container: 8080:80, 127.0.0.1:5353:53/udp, [2001:db8::1]:8000-8010:80-90',
  },
  route: {
    type: 'string',
    multiple: true,
    value: 'ROUTE',
    description:
      'A route beside those that come with the network: "10.1.0.0/16 via 10.89.0.1", "default via 10.0.0.1 dev eth0"',
  },
  dns: {
    type: 'string',
    multiple: true,
    value: 'ADDRESS',
    description: 'A name server for /etc/resolv.conf, instead of those that this machine asks',
  },
  'dns-search': {
    type: 'string',
    multiple: true,
    value: 'DOMAIN',
    description: 'A domain to look short names up in',
  },
  'add-host': {
    type: 'string',
    multiple: true,
    value: 'NAME:ADDRESS',
    description: 'One more name for /etc/hosts: db:10.89.0.10',
  },
} as const satisfies Options;

/** What was given for them. */
export type NetworkValues = Values<typeof networkOptions>;
