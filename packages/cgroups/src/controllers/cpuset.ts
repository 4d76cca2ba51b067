import { checkList } from '../value.ts';
import { defineController, type SettingList } from './define.ts';
import type { Resources } from '../resources.ts';

/** Which CPUs and memory nodes: cpuset(7). */
export const cpuset = defineController({
  names: { 1: 'cpuset', 2: 'cpuset' },
  keys: ['cpusetCpus', 'cpusetMems'],
  check({ cpusetCpus, cpusetMems }) {
    checkList(cpusetCpus, 'cpusetCpus');
    checkList(cpusetMems, 'cpusetMems');
  },
  write: { 1: write, 2: write },
});

function write(list: SettingList, { cpusetCpus, cpusetMems }: Resources): void {
  if (cpusetMems !== undefined) list.add('cpuset.mems', 'cpusetMems', cpusetMems);
  if (cpusetCpus !== undefined) list.add('cpuset.cpus', 'cpusetCpus', cpusetCpus);
}
