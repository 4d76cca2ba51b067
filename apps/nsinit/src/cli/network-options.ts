import type { Options, Values } from './options.ts';

/** Options about a container's network. */
export const networkOptions = {
  network: {
    type: 'string',
    multiple: true,
    value: 'NETWORK',
    description:
      'none (a loopback alone, the default), host (this machine’s), bridge or bridge:NAME, macvlan:DEVICE, ipvlan:DEVICE, phys:DEVICE, netns:PATH',
  },
  ip: {
    type: 'string',
    multiple: true,
    value: 'ADDRESS/LENGTH',
    description: 'Its address on the first of them, IPv4 or IPv6; else one that is free',
  },
  publish: {
    type: 'string',
    short: 'p',
    multiple: true,
    value: '[IP:]PORT:PORT[/udp]',
    description: 'Let a port of this machine lead to one of the container',
  },
  route: {
    type: 'string',
    multiple: true,
    value: 'ROUTE',
    description: 'Beside those that come with the network: "10.1.0.0/16 via 10.89.0.1 dev eth0"',
  },
  dns: { type: 'string', multiple: true, value: 'ADDRESS', description: 'Name servers to ask' },
  'dns-search': {
    type: 'string',
    multiple: true,
    value: 'DOMAIN',
    description: 'Domains to look names up in',
  },
  'add-host': {
    type: 'string',
    multiple: true,
    value: 'NAME:ADDRESS',
    description: 'More names for /etc/hosts',
  },
} as const satisfies Options;

/** What was given for them. */
export type NetworkValues = Values<typeof networkOptions>;
