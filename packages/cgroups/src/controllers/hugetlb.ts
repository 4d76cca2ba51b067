import type { Resources } from '../resources.ts';
import { checkRecord, invalid, parseBytes } from '../value.ts';
import { defineController, type SettingList } from './define.ts';

/** Huge pages by their size: Documentation/admin-guide/cgroup-v1/hugetlb.rst. */
export const hugetlb = defineController({
  names: { 1: 'hugetlb', 2: 'hugetlb' },
  keys: ['hugetlb'],
  check({ hugetlb: limits }) {
    checkRecord(limits, 'hugetlb', "an object by the size of pages, such as { '2MB': '64M' }");
    for (const [size, limit] of Object.entries(limits ?? {})) {
      if (!/^[1-9]\d{0,3}[KMG]B$/.test(size))
        throw invalid(
          'hugetlb',
          "sizes of pages such as '64KB', '2MB' or '1GB' for its keys",
          size,
        );
      parseBytes(limit, keyOf(size));
    }
  },
  write: {
    1: (list, resources) => write(list, resources, 'limit_in_bytes', '-1'),
    2: (list, resources) => write(list, resources, 'max', 'max'),
  },
});

function write(
  list: SettingList,
  { hugetlb: limits = {} }: Resources,
  suffix: string,
  none: '-1' | 'max',
): void {
  for (const [size, limit] of Object.entries(limits)) {
    const key = keyOf(size);
    list.addLimit(`hugetlb.${size}.${suffix}`, key, parseBytes(limit, key), none);
  }
}

function keyOf(size: string): string {
  return `hugetlb.${size}`;
}
