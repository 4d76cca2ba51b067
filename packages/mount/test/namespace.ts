import { afterEach, beforeEach, expect } from 'vitest';
import {
  readMountInfo,
  setUpMountNamespace,
  type MountInfo,
  type MountSetup,
} from '../src/index.ts';
import { contain, type Isolation, type Outcome } from './container.ts';

/** Sets up a container's mount namespace, and runs a shell script in it. */
export function inContainer(
  setup: Partial<MountSetup> & Pick<MountSetup, 'rootfs'>,
  script = '',
  isolation: Isolation = {},
): Promise<Outcome> {
  const whole: MountSetup = { mounts: [], deviceNodes: [], ...setup };
  return contain((program) => setUpMountNamespace(program, whole), script, isolation);
}

/** Sees to it that no test of a file changes what is mounted on the host. */
export function guardHost(): void {
  let before: readonly MountInfo[] = [];
  beforeEach(() => {
    before = readMountInfo();
  });
  afterEach(() => {
    expect(readMountInfo()).toEqual(before);
  });
}
