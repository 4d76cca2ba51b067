import type { Setting } from './setting.ts';

/** Files with a line for each device or resource, of which each is written by itself. */
const keyed =
  /^(io\.(max|(bfq\.)?weight)|blkio\.(throttle\..*|.*weight_device)|(rdma|misc)\.max|net_prio\.ifpriomap)$/;

/**
 * What to write into a file to bring back what it held before a setting.
 *
 * @param before Its text by then.
 * @returns undefined where it is unknown what would.
 */
export function previousValue({ file, value }: Setting, before: string): string | undefined {
  const lines = before.split('\n').filter(Boolean);
  // One switch among things that it only tells.
  if (file === 'memory.oom_control') return /^oom_kill_disable (\d)$/m.exec(before)?.[1];
  if (!keyed.test(file)) {
    if (lines.length > 1) return undefined;
    // An empty write(2) does not get to the kernel's file; an empty line does.
    return lines[0]?.trim() ?? '\n';
  }
  const key = value.includes(' ') ? value.slice(0, value.indexOf(' ')) : 'default';
  return lines.find((line) => line.startsWith(`${key} `)) ?? noLimit(file, value);
}

/** What takes a line out of such a file again. */
function noLimit(file: string, value: string): string | undefined {
  const [key] = value.split(' ', 1);
  if (value === key) return undefined;
  if (/^(io|rdma)\.max$/.test(file)) return value.replace(/=\S+/g, '=max');
  if (file === 'misc.max') return `${key} max`;
  return `${key} ${file.startsWith('io.') ? 'default' : '0'}`;
}
