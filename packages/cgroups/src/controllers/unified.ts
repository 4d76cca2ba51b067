import { checkRecord, invalid } from '../value.ts';
import { defineController } from './define.ts';

const fileName = /^[a-z0-9_]+(\.[A-Za-z0-9_-]+)+$/;
/** Of the files that every cgroup has, those that limit something. The others move, stop or kill its processes. */
const ownLimits: readonly string[] = ['cgroup.max.depth', 'cgroup.max.descendants'];

/** Any files of version 2, as they are: Documentation/admin-guide/cgroup-v2.rst. */
export const unified = defineController({
  names: {},
  keys: ['unified'],
  lacks: { 1: { unified: { remedy: 'use the other keys, which are of both versions' } } },
  check({ unified: files }) {
    checkRecord(
      files,
      'unified',
      "an object by the name of the file, such as { 'memory.high': '1G' }",
    );
    for (const [file, value] of Object.entries(files ?? {})) checkFile(file, value);
  },
  write: {
    2: (list, { unified: files = {} }) => {
      for (const [file, value] of Object.entries(files))
        // The kernel reads one line of each write(2).
        for (const line of value.split('\n').filter(Boolean))
          list.add(file, keyOf(file), line, controllerOf(file));
    },
  },
});

function checkFile(file: string, value: string): void {
  if (!fileName.test(file))
    throw invalid(
      'unified',
      "names of files such as 'memory.high' for its keys, without '/'",
      file,
    );
  if (controllerOf(file) === 'cgroup' && !ownLimits.includes(file))
    throw invalid('unified', `of the files of cgroup.* only ${ownLimits.join(' and ')}`, file);
  if (typeof value !== 'string' || value.trim() === '' || value.includes('\0'))
    throw invalid(keyOf(file), 'text that is not empty and has no NUL', value);
}

function keyOf(file: string): string {
  return `unified[${JSON.stringify(file)}]`;
}

/** The controller that a file belongs to; that of the hierarchy itself is called `cgroup`. */
export function controllerOf(file: string): string {
  return file.slice(0, file.indexOf('.'));
}
