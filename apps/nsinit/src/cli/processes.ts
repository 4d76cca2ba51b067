import { readFileSync } from 'node:fs';

/** A process, as it is at one moment. */
export interface ProcessInfo {
  /** On this machine. */
  readonly pid: number;
  /** In the innermost pid namespace that it is in. */
  readonly insidePid: number;
  readonly parentPid: number;
  /** Its effective user id, on this machine. */
  readonly uid: number;
  /** As ps(1) has it: `R`, `S`, `D`, `T`, `Z`. */
  readonly state: string;
  readonly threads: number;
  /** CPU time in milliseconds, of user and kernel. */
  readonly cpuTimeMs: number;
  /** Resident memory, in bytes. */
  readonly memory: number;
  /** Its arguments, or its name in brackets where it has none. */
  readonly command: string;
}

/** Ticks a second in which the kernel counts towards user space: `USER_HZ`, 100 on every architecture there is. */
const ticks = 100;

/** Reads what /proc says of a process; undefined if it has ended meanwhile. See proc_pid_stat(5) and proc_pid_status(5). */
export function readProcess(pid: number): ProcessInfo | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
    // The name in parentheses may have anything in it.
    const [state = '?', parentPid, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const field = (name: string): string[] =>
      new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1]?.split(/\s+/) ?? [];
    return {
      pid,
      insidePid: Number(field('NSpid').at(-1) ?? pid),
      parentPid: Number(parentPid),
      uid: Number(field('Uid')[1] ?? 0),
      state,
      threads: Number(field('Threads')[0] ?? 1),
      cpuTimeMs: ((Number(rest[9]) + Number(rest[10])) * 1000) / ticks,
      memory: Number(field('VmRSS')[0] ?? 0) * 1024,
      command: commandLine || `[${field('Name').join(' ')}]`,
    };
  } catch {
    return undefined;
  }
}
