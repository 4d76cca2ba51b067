import { describe, expect, it } from 'vitest';
import { busybox, makeRootfs } from '../../test/rootfs.ts';
import { bringUp } from './container.ts';
import { complete } from './defaults.ts';
import type { Keeper } from './keeper.ts';

/** Cleans up badly. */
const keeper: Keeper = {
  reservation: { reserve: () => {}, release: () => {} },
  keeps: false,
  prepare: () => {},
  write: () => {},
  sweep: async () => {
    throw new Error('read-only file system');
  },
};

describe.skipIf(process.getuid?.() !== 0 || !busybox)(
  'what can not be removed after a container (needs root and busybox-static)',
  () => {
    it.each([
      ['/bin/true', 'read-only file system'],
      ['/there/is/none', /ENOENT.*execve '\/there\/is\/none'/],
    ])('is told, unless something failed before: %s', async (command, message) => {
      const container = bringUp(complete({ command: [command], rootfs: makeRootfs() }), { keeper });
      await expect(container.wait()).rejects.toThrow(message);
    });
  },
);
