import type { Resources } from '../resources.ts';

/** A property of a unit, as StartTransientUnit and SetUnitProperties take it: org.freedesktop.systemd1(5). */
export interface UnitProperty {
  readonly name: string;
  /** The D-Bus type of the value. */
  readonly signature: string;
  /** Numbers of 64 bits are bigints, bytes a Buffer, structs and arrays are arrays. */
  readonly value: unknown;
  /** Which of the resources it comes from; undefined for what every unit of ours has. */
  readonly key?: keyof Resources;
}
