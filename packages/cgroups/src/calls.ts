import { defineStruct, fd, flags, memory, oneOf, prefixed, syscall, unlinkat } from '@ts-c/syscall';

const CLOCK = { REALTIME: 0, MONOTONIC: 1 } as const;
/** `CLOCK_MONOTONIC`. */
export const monotonicClock = CLOCK.MONOTONIC;
/** Flags of timerfd_create(2). */
export const TFD = { NONBLOCK: 0o4000, CLOEXEC: 0o2000000 } as const;
/** timerfd_create(2). */
export const timerfdCreate = syscall(
  'timerfd_create',
  [oneOf('clockid', prefixed('CLOCK_', CLOCK)), flags('flags', prefixed('TFD_', TFD))],
  'fd',
);
/** `struct itimerspec`, timerfd_settime(2). */
export const itimerspec = defineStruct('itimerspec', {
  it_interval_sec: { type: 'i64' },
  it_interval_nsec: { type: 'i64' },
  it_value_sec: { type: 'i64' },
  it_value_nsec: { type: 'i64' },
});
/** timerfd_settime(2). */
export const timerfdSettime = syscall('timerfd_settime', [
  fd('fd'),
  flags('flags', {}),
  memory('new_value', itimerspec.size),
  memory('old_value', itimerspec.size),
]);

/** unlinkat(2) with its answer: a Program that only tries it can look at how it was refused, by a negative number. */
export const unlinkatResult = syscall('unlinkat', unlinkat.parameters, 'n');
