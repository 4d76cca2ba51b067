let last = 0;

/** The next sequence number of a request: from 1, unique in this thread for a long time. */
export function nextSequence(): number {
  last = (last % 0x7fff_ffff) + 1;
  return last;
}
