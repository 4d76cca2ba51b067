import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDescriptors } from '../../test/descriptors.ts';
import { makeGroup, mountV1, mountV2, removeGroup, spawnIn, until } from '../../test/hierarchy.ts';
import { watchFreezer, type FreezerState } from './freezer-state.ts';
import { freeze, whenFrozen } from './freezer.ts';

const hierarchies = [
  ['cgroup v1', 1, mountV1('freezer')],
  ['cgroup v2', 2, mountV2()],
] as const;

/** A process in a cgroup that writes a byte again and again. */
function counter(directory: string): { child: ChildProcess; count(): number } {
  const child = spawnIn(directory, 'while :; do printf x; sleep 0.005; done');
  let count = 0;
  child.stdout?.on('data', (data: Buffer) => (count += data.length));
  return { child, count: () => count };
}

describe.each(hierarchies)('the freezer of %s', (need, version, mount) => {
  const isMissing = mount === undefined;

  it.skipIf(isMissing)(`stops a counter and lets it go on (needs ${need})`, async () => {
    const before = openDescriptors();
    const directory = makeGroup(mount);
    const { count } = counter(directory);
    await until(() => count() > 3);
    await freeze(directory, version, true);
    // What was in the pipe is read first.
    await delay(50);
    const stopped = count();
    await delay(100);
    expect(count()).toBe(stopped);
    await whenFrozen(directory, version, true);
    await freeze(directory, version, false);
    await whenFrozen(directory, version, false);
    await until(() => count() > stopped + 3);
    expect(openDescriptors()).toEqual(before);
  });

  it.skipIf(isMissing)(`freezes an empty cgroup (needs ${need})`, async () => {
    const directory = makeGroup(mount);
    const events = watchFreezer(directory, version);
    for (const frozen of [true, false]) {
      await freeze(directory, version, frozen);
      await whenFrozen(directory, version, frozen);
    }
    expect((await events.next()).value).toEqual({ type: 'freezer', state: 'thawed' });
    await events.return();
  });

  it.skipIf(isMissing)(`says what holds it when it stays frozen (needs ${need})`, async () => {
    const directory = makeGroup(mount);
    const child = join(directory, 'child');
    mkdirSync(child);
    await freeze(directory, version, true);
    await expect(freeze(child, version, false, { timeout: 30 })).rejects.toMatchObject({
      code: 'ERR_CGROUP_BUSY',
      message: `${child} is still frozen after 30 ms: thaw the cgroup above it that is frozen`,
    });
  });

  it.skipIf(isMissing)(`watchFreezer tells each change, to the end (needs ${need})`, async () => {
    const before = openDescriptors();
    const directory = makeGroup(mount);
    const child = join(directory, 'child');
    mkdirSync(child);
    const { count } = counter(child);
    await until(() => count() > 0);
    const seen: FreezerState[] = [];
    const events = watchFreezer(child, version);
    const whole = (async () => {
      for await (const { state } of events) if (state !== 'freezing') seen.push(state);
    })();
    for (const frozen of [true, false, true, false]) {
      // Once from above, once by itself.
      const place = seen.length > 2 ? child : directory;
      await freeze(place, version, frozen);
      await until(() => seen.at(-1) === (frozen ? 'frozen' : 'thawed'));
    }
    await removeGroup(child);
    await whole;
    expect(seen).toEqual(['thawed', 'frozen', 'thawed', 'frozen', 'thawed']);
    expect(openDescriptors()).toEqual(before);
  });

  it.skipIf(isMissing)(
    `whenFrozen ends with its signal, and with the cgroup (needs ${need})`,
    async () => {
      const directory = makeGroup(mount);
      const reason = new Error('enough');
      const controller = new AbortController();
      const ends = Promise.allSettled([
        whenFrozen(directory, version, true, controller.signal),
        whenFrozen(directory, version, true),
      ]);
      await delay(20);
      controller.abort(reason);
      rmdirSync(directory);
      expect(await ends).toMatchObject([
        { status: 'rejected', reason },
        { status: 'rejected', reason: { code: 'ERR_CGROUP_REMOVED', path: directory } },
      ]);
    },
  );
});

/** It forgets what is written to it, and reads as empty. */
function fake(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ts-c-freezer-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  symlinkSync('/dev/null', join(directory, 'freezer.state'));
  writeFileSync(join(directory, 'cgroup.procs'), `${process.pid}\n`);
  return directory;
}

describe('a cgroup that does not freeze', () => {
  it('is given up after the timeout, with the processes that are in the way', async () => {
    const directory = fake();
    await expect(freeze(directory, 1, true, { timeout: 30 })).rejects.toMatchObject({
      name: 'CgroupError',
      code: 'ERR_CGROUP_BUSY',
      path: join(directory, 'freezer.state'),
      message: `1 of 1 processes of ${directory} would not freeze within 30 ms (${process.pid}): they go on again`,
    });
  });

  it('is let go on when it is given up', async () => {
    const directory = fake();
    const controller = new AbortController();
    const given = freeze(directory, 1, true, { signal: controller.signal });
    rmSync(join(directory, 'freezer.state'));
    writeFileSync(join(directory, 'freezer.state'), 'FREEZING');
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(given).rejects.toBe(reason);
    expect(readFileSync(join(directory, 'freezer.state'), 'utf8')).toMatch(/^THAWED/);
  });

  it('is reported together with why it could not be let go on', async () => {
    const directory = fake();
    const controller = new AbortController();
    const given = freeze(directory, 1, true, { signal: controller.signal });
    rmSync(join(directory, 'freezer.state'));
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(given).rejects.toMatchObject({
      name: 'AggregateError',
      errors: [reason, { code: 'ERR_NO_CONTROLLER' }],
    });
  });
});
