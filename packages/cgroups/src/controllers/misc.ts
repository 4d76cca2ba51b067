import type { Resources } from '../resources.ts';
import { checkRecord, checkWord, parseCount } from '../value.ts';
import { defineController, type SettingList } from './define.ts';

/** Scarce things of the host, such as the keys of encrypted guests: Documentation/admin-guide/cgroup-v1/misc.rst. */
export const misc = defineController({
  names: { 1: 'misc', 2: 'misc' },
  keys: ['misc'],
  check({ misc: limits }) {
    checkRecord(limits, 'misc', 'an object by the name of the resource');
    for (const [name, limit] of Object.entries(limits ?? {})) {
      checkWord(name, 'misc', 'names of resources for its keys');
      parseCount(limit, `misc.${name}`);
    }
  },
  write: { 1: write, 2: write },
});

function write(list: SettingList, { misc: limits = {} }: Resources): void {
  for (const [name, limit] of Object.entries(limits)) {
    const key = `misc.${name}`;
    list.add('misc.max', key, `${name} ${parseCount(limit, key)}`);
  }
}
