import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { close, isErrno, live, pidfdOpen, watch } from '@ts-c/syscall';
import { hasCode, goneCodes, readCgroupFile, removedError } from './file.ts';
import { guarded, type Sink, type Source } from './queue.ts';
import { entriesSource, GrowingTimer, removalSource, Sources } from './sources.ts';

/** How long to wait at most for a process that can't be watched, in milliseconds. */
const longestWait = 50;

/** A process that is moved to another cgroup tells nobody of it: milliseconds until the list is read again in any case. */
const patience = 1000;

/**
 * Follows the processes of a cgroup of version 1 and of those beneath it, for which that version has no notification: waits for the end of
 * one after the other, and while there are none for somebody to write one into cgroup.procs or tasks.
 *
 * @param tell Is called with whether there are any, at first and later on.
 * @throws {CgroupError} (`ERR_CGROUP_REMOVED`) where the cgroup is not there.
 */
export function startMembers(
  directory: string,
  sink: Sink<never>,
  tell: (populated: boolean) => void,
): Source {
  const sources = new Sources();
  const check = guarded(sink, look);
  const unwatchable = new GrowingTimer(1, longestWait, check);
  if (!membersOf(directory)) throw removedError(directory);
  try {
    look();
  } catch (error) {
    sources[Symbol.dispose]();
    throw error;
  }
  return {
    ref: () => both((source) => source.ref()),
    unref: () => both((source) => source.unref()),
    [Symbol.dispose]: () => both((source) => source[Symbol.dispose]()),
  };

  function both(body: (source: Source) => void): void {
    body(unwatchable);
    body(sources);
  }

  function look(): void {
    sources.clear();
    let members = membersOf(directory);
    if (members?.pids.length === 0) {
      unwatchable.reset();
      watchEntries(members.directories);
      // Who came in before the watch began has not been told.
      members = membersOf(directory);
    }
    if (!members) {
      sink.end();
      return;
    }
    const { pids } = members;
    if (pids.length > 0) watchOne(pids);
    tell(pids.length > 0);
  }

  function watchEntries(directories: readonly string[]): void {
    sources.add(removalSource(directory, check));
    for (const each of directories) {
      try {
        sources.add(entriesSource(each, () => true, check));
      } catch (error) {
        // One beneath may be removed at any time.
        if (!hasCode(error, 'ENOENT')) throw error;
      }
    }
  }

  function watchOne(pids: readonly number[]): void {
    const pidfd = firstPidfd(pids);
    if (pidfd === undefined) {
      unwatchable.set();
      return;
    }
    unwatchable.reset();
    sources.add(pidfdSource(pidfd, check));
    const timer = new GrowingTimer(patience, patience, check);
    timer.set();
    sources.add(timer);
  }
}

/** A descriptor of the first process that can be had: one may have ended, another be invisible in this pid namespace (it is 0 then). */
function firstPidfd(pids: readonly number[]): number | undefined {
  for (const pid of pids) {
    try {
      if (pid > 0) return Number(live.call(pidfdOpen, pid, 0));
    } catch (error) {
      if (!isErrno(error, 'ESRCH', 'EINVAL')) throw error;
    }
  }
  return undefined;
}

/** Tells when a process has ended; closes its descriptor. */
function pidfdSource(pidfd: number, listener: () => void): Source {
  const handle = watch(pidfd, { readable: true }, listener);
  return {
    ref: () => handle.ref(),
    unref: () => handle.unref(),
    [Symbol.dispose]: () => {
      handle.close();
      live.call(close, pidfd);
    },
  };
}

/** The processes of a cgroup and of those beneath it; undefined where it is gone. */
function membersOf(
  directory: string,
): { readonly pids: readonly number[]; readonly directories: readonly string[] } | undefined {
  const own = readCgroupFile(directory, 'cgroup.procs');
  if (own === undefined) return undefined;
  const pids = own.split('\n').filter(Boolean).map(Number);
  const directories = [directory];
  for (const child of childrenOf(directory)) {
    const beneath = membersOf(child);
    if (!beneath) continue;
    pids.push(...beneath.pids);
    directories.push(...beneath.directories);
  }
  return { pids, directories };
}

function childrenOf(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(directory, name));
  } catch (error) {
    if (hasCode(error, ...goneCodes)) return [];
    throw error;
  }
}
