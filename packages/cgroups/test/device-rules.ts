/** What rules about devices mean, said as plainly as can be: what every other form of them is compared with. */
import type { DeviceRule } from '../src/devices/rule.ts';

/** What a process asks for: `access` is some of `rwm`. */
export interface DeviceRequest {
  readonly type: 'b' | 'c';
  readonly major: number;
  readonly minor: number;
  readonly access: string;
}

/** Is it allowed? For each kind of access the last rule that fits counts. */
export function isAllowed(rules: readonly DeviceRule[], request: DeviceRequest): boolean {
  return [...request.access].every((kind) => {
    let allowed = false;
    for (const { allow = true, type, major = '*', minor = '*', access = 'rwm' } of rules) {
      if (type !== 'a' && type !== request.type) continue;
      if (major !== '*' && major !== request.major) continue;
      if (minor !== '*' && minor !== request.minor) continue;
      if (access.includes(kind)) allowed = allow;
    }
    return allowed;
  });
}

/** Numbers from 0 up to below `below`, the same each time: a linear congruential generator. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const accesses = ['r', 'w', 'm', 'rw', 'rm', 'wm', 'rwm'];

/** Rules at random, out of few numbers, so that they overlap. */
export function randomRules(random: (below: number) => number): DeviceRule[] {
  const number = (): number | '*' => (random(3) === 0 ? '*' : random(3));
  return Array.from({ length: random(9) }, () => ({
    type: (['a', 'b', 'c', 'c'] as const)[random(4)] ?? 'c',
    major: number(),
    minor: number(),
    access: accesses[random(accesses.length)] ?? 'r',
    allow: random(3) > 0,
  }));
}

/** All that can be asked for with numbers from 0 to 3. */
export const everyRequest: readonly DeviceRequest[] = (['b', 'c'] as const).flatMap((type) =>
  [0, 1, 2, 3].flatMap((major) =>
    [0, 1, 2, 3].flatMap((minor) => accesses.map((access) => ({ type, major, minor, access }))),
  ),
);

/** The number of a driver that there is not. */
const nobody = 240;
const devices = [
  ['c', 1, 3],
  ['c', 1, 5],
  ['c', 1, 7],
  ['c', 1, 9],
  ['c', 5, 0],
  ['c', nobody, 3],
  ['b', nobody, 3],
] as const;

/**
 * What is tried on the real kernel, with harmless devices and some that nobody has. Those are not opened where that is allowed: the
 * kernel would go and look for a driver.
 */
export function requestsFor(rules: readonly DeviceRule[]): DeviceRequest[] {
  return devices
    .flatMap(([type, major, minor]) =>
      ['m', 'r', 'w', 'rw'].map((access) => ({ type, major, minor, access })),
    )
    .filter((one) => one.major !== nobody || one.access === 'm' || !isAllowed(rules, one));
}
