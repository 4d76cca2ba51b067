import { namespaces } from '@ts-c/namespaces';
import { suggest } from '../../suggest.ts';
import type { Issues } from '../issues.ts';
import { join } from '../schema.ts';
import type { Config } from '../types.ts';

const keys = namespaces.map((namespace) => namespace.key);

/**
 * Checks which namespaces are asked for, and that nothing is asked for that would be done to the host for want of one.
 *
 * An unknown namespace is an error also where 1.1.0 took no notice: whoever asks for it counts on being apart.
 */
export function checkIsolation(config: Config, issues: Issues): void {
  const { namespaces: created = {}, namespace_paths: joined = {} } = config;
  for (const [key, wanted] of Object.entries(created)) {
    if (keys.includes(key)) continue;
    const path = join('namespaces', key);
    const message = `is no namespace: there are ${keys.join(', ')}`;
    if (wanted) issues.error(path, message, suggest(key, keys));
    else issues.ignore(path, message, suggest(key, keys));
  }
  for (const [key, target] of Object.entries(joined)) {
    const path = join('namespace_paths', key);
    if (!keys.includes(key)) {
      issues.error(path, `is no namespace: there are ${keys.join(', ')}`, suggest(key, keys));
    } else if (!target.startsWith('/')) {
      issues.error(path, `expected an absolute path, got ${JSON.stringify(target)}`);
    } else if (created[key]) {
      issues.error(path, `namespaces.${key} asks for a new one: it can't be joined as well`);
    }
  }
  checkNeeds(config, issues);
}

interface Need {
  readonly namespace: string;
  /** Is it enough to join one? */
  readonly joined: boolean;
  /** What would happen without it. */
  readonly otherwise: string;
}

const needs = {
  mount: { namespace: 'NEWNS', joined: false, otherwise: 'it would change the mounts of the host' },
  uts: { namespace: 'NEWUTS', joined: false, otherwise: 'it would rename the host' },
  net: { namespace: 'NEWNET', joined: true, otherwise: 'it would change the network of the host' },
  user: { namespace: 'NEWUSER', joined: false, otherwise: 'there is nothing to map' },
  time: { namespace: 'NEWTIME', joined: false, otherwise: 'there are no clocks to set' },
} as const satisfies Record<string, Need>;

function checkNeeds(config: Config, issues: Issues): void {
  const { namespaces: created = {}, namespace_paths: joined = {}, mount_config = {} } = config;
  const need = (path: string, value: unknown, by: Need): void => {
    const isAsked = Array.isArray(value) ? value.length > 0 : Boolean(value);
    if (!isAsked || created[by.namespace]) return;
    if (by.joined && joined[by.namespace] !== undefined) return;
    issues.error(path, `needs "${by.namespace}": true in namespaces; without it ${by.otherwise}`);
  };
  for (const key of ['mounts', 'device_nodes', 'readonly_fs', 'mount_propagation'] as const) {
    need(`mount_config.${key}`, mount_config[key], needs.mount);
  }
  for (const key of ['restrict_sys', 'masked_paths', 'readonly_paths'] as const) {
    need(key, config[key], needs.mount);
  }
  need('hostname', config.hostname, needs.uts);
  need('domainname', config.domainname, needs.uts);
  // A network of type netns brings its namespace along.
  const { networks = [] } = config;
  if (networks.every(({ type }) => type !== 'netns')) {
    need('networks', networks, needs.net);
    need('routes', config.routes, needs.net);
  }
  need('uid_mappings', config.uid_mappings, needs.user);
  need('gid_mappings', config.gid_mappings, needs.user);
  need('time_offsets', config.time_offsets, needs.time);
}
