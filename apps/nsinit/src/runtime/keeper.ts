import type { Reservation } from './reservation.ts';

/** Who writes a container down for others to find: a record under its id, or the `state.json` of libcontainer 1.1.0. */
export interface Keeper {
  readonly reservation: Reservation;
  /** Makes what has to be there before the supervisor starts. */
  prepare(): Promise<void> | void;
  /** Writes the container down. Its first process has not taken a step yet. */
  write(pid: number, supervisorPid: number): Promise<void> | void;
}
