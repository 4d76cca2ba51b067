/** How many milliseconds pass between two looks. */
const pause = 5;

/**
 * A tenth of a second, in all, for what is about to happen: a container that has been killed takes some milliseconds to end. Nothing else
 * happens on this thread meanwhile.
 */
export class Patience {
  #left = 100;

  /** Waits until something is so, and tells whether it is. */
  until(isSo: () => boolean): boolean {
    while (!isSo()) {
      if (this.#left <= 0) return false;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
      this.#left -= pause;
    }
    return true;
  }
}
