import type { CgroupError, Resources } from '@ts-c/cgroups';
import type { CgroupDescription } from './description.ts';

/** What a cgroup is to be limited to, without all else that its description says. */
export function resourcesOf(cgroup: CgroupDescription): Resources {
  const {
    name: _name,
    parent: _parent,
    frozen: _frozen,
    optional: _optional,
    slice: _slice,
    systemd: _systemd,
    ...resources
  } = cgroup;
  return resources;
}

/** What an error says of its key, for who names that in another way. */
export function withoutKey({ key, message }: CgroupError): string {
  return message.startsWith(`${key}: `) ? message.slice(`${key}: `.length) : message;
}
