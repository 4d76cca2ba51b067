import { setTimeout as delay } from 'node:timers/promises';

/** How often a container is begun whose address somebody else has taken since it was planned. */
const most = 40;
/** Milliseconds to wait at most, times the number of the try up to a limit: those who raced for an address do not meet again. */
const longestWait = 20;
/** Longer waits do not help: while somebody sweeps, all who wait have planned for the same address, and one of them gets it. */
const mostTimes = 5;

/**
 * Does something again that failed because an address that was free when it was planned is another container's by now. Each plan
 * looks for a free one; a fixed address that is taken is an error that says by whom.
 */
export async function despiteRaces<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      // Of the file in which the address is held. What runs in the container has not been started then.
      if (code !== 'EADDRINUSE' || syscall !== 'flock' || tries >= most) throw error;
      await delay(Math.random() * longestWait * Math.min(tries, mostTimes));
    }
  }
}
