import { flock, isErrno, live, LOCK } from '@ts-c/syscall';

/**
 * flock(2), exclusive and without waiting.
 *
 * @returns whether the lock is ours now.
 */
export function tryFlock(fd: number): boolean {
  return live.section('@ts-c/state', 'lock', () => {
    try {
      live.call(flock, fd, LOCK.EX | LOCK.NB);
      return true;
    } catch (error) {
      if (isErrno(error, 'EAGAIN')) return false;
      throw error;
    }
  });
}

/**
 * Gives a lock of flock(2) back. Closing the descriptor would do as well, but for a process that has been forked just now and has
 * not executed yet: it keeps a copy of the descriptor for a moment.
 */
export function unlock(fd: number): void {
  live.section('@ts-c/state', 'unlock', () => live.call(flock, fd, LOCK.UN));
}
