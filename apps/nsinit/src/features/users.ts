import { parseSubordinateIds } from '@ts-c/namespaces';
import { findCommand } from '../find-command.ts';
import type { Host } from './host.ts';
import type { Feature } from './types.ts';

/** What id maps a user namespace may have. */
export function userFeatures(host: Host): Feature[] {
  if (host.has('SETUID') && host.has('SETGID')) {
    return [
      {
        id: 'users.ranges',
        title: 'id ranges',
        available: true,
        detail: 'any, by CAP_SETUID and CAP_SETGID',
      },
    ];
  }
  return [tool('newuidmap', '/etc/subuid', host), tool('newgidmap', '/etc/subgid', host)];
}

/** Ordinary users map ranges by programs that have the privilege, to ids that they have been given. */
function tool(name: string, file: string, host: Host): Feature {
  const base = { id: `users.${name}`, title: name };
  const path = findCommand(name);
  if (path === undefined)
    return {
      ...base,
      available: false,
      reason: `${name} is not installed (Debian: package uidmap)`,
    };
  if (host.status('NoNewPrivs') === '1') {
    return {
      ...base,
      available: false,
      reason: `no_new_privs is set for this process: ${path} gains no privileges`,
    };
  }
  const user = { id: host.uid, ...(host.name === undefined ? {} : { name: host.name }) };
  const ranges = parseSubordinateIds(host.read(file) ?? '', user);
  if (ranges.length === 0) {
    return {
      ...base,
      available: false,
      reason: `${file} has no range for ${host.name ?? host.uid}: usermod --add-sub${name.slice(3, 6)}s`,
    };
  }
  const detail = ranges.map(({ hostId, size }) => `${hostId}-${hostId + size - 1}`).join(', ');
  return { ...base, available: true, detail };
}
