import type { Resources } from '../resources.ts';
import { parseCount } from '../value.ts';
import { defineController, type SettingList } from './define.ts';

/** There are no more process ids than this in a kernel of 64 bits. */
const most = 4_194_304n;

/** How many processes and threads: Documentation/admin-guide/cgroup-v1/pids.rst. */
export const pids = defineController({
  names: { 1: 'pids', 2: 'pids' },
  keys: ['pids'],
  check({ pids: limit }) {
    if (limit !== undefined) parseCount(limit, 'pids', most);
  },
  write: { 1: write, 2: write },
});

function write(list: SettingList, { pids: limit }: Resources): void {
  if (limit !== undefined)
    list.addLimit('pids.max', 'pids', parseCount(limit, 'pids', most), 'max');
}
