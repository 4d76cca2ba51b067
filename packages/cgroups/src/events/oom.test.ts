import { mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDescriptors } from '../../test/descriptors.ts';
import { makeGroup, mountV1, mountV2, removeGroup, spawnIn } from '../../test/hierarchy.ts';
import { watchMemoryEvents } from './memory-events.ts';
import { watchOom, type OomEvent } from './oom.ts';
import type { EventStream } from './queue.ts';

const isOpen = (fd: number): boolean => fd in openDescriptors();
const v1 = mountV1('memory');
const v2 = mountV2('memory');
/** A process that grows beyond any limit. */
const glutton = 'exec tail /dev/zero';

/** Waits until so many have been killed: the kernel may say more than once that memory ran out until one has ended. */
async function killedAtLeast(events: EventStream<OomEvent>, count: number): Promise<number> {
  for (;;) {
    const { value } = await events.next();
    if (!value || value.killed >= count) return value?.killed ?? 0;
  }
}

/** Files that stand for a cgroup of version 1, and what was registered there. */
function fake(): { directory: string; eventfd: number; control: number } & {
  events: ReturnType<typeof watchOom>;
} {
  const directory = mkdtempSync(join(tmpdir(), 'ts-c-oom-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(
    join(directory, 'memory.oom_control'),
    'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n',
  );
  writeFileSync(join(directory, 'cgroup.event_control'), '');
  const events = watchOom(directory, 1);
  const text = readFileSync(join(directory, 'cgroup.event_control'), 'utf8');
  expect(text).toMatch(/^\d+ \d+$/);
  const [eventfd = -1, control = -1] = text.split(' ').map(Number);
  return { directory, eventfd, control, events };
}

describe('watchOom with files that are no cgroup', () => {
  const one = new Uint8Array(new BigUint64Array([1n]).buffer);

  it('registers an eventfd that is closed on exec, counts and does not block', () => {
    const { eventfd, events } = fake();
    const info = readFileSync(`/proc/self/fdinfo/${eventfd}`, 'utf8');
    expect(info).toMatch(/^flags:\t02004002$/m);
    expect(info).toMatch(/^eventfd-semaphore: 0$/m);
    return events.return();
  });

  it('tells what the eventfd tells, and ends with the cgroup, after which both files are closed', async () => {
    const { directory, eventfd, control, events } = fake();
    writeSync(eventfd, one);
    expect(await events.next()).toEqual({
      done: false,
      value: { type: 'oom', killed: 3, underOom: false },
    });
    rmSync(directory, { recursive: true });
    writeSync(eventfd, one);
    expect(await events.next()).toEqual({ done: true, value: undefined });
    expect([eventfd, control].map(isOpen)).toEqual([false, false]);
  });

  it('does not lose what happens between two calls, nor count it twice', async () => {
    const { directory, eventfd, events } = fake();
    for (const killed of [4, 5, 6]) {
      writeFileSync(join(directory, 'memory.oom_control'), `under_oom 0\noom_kill ${killed}\n`);
      writeSync(eventfd, one);
    }
    await delay(100);
    expect(await events.next()).toMatchObject({ value: { type: 'oom', killed: 6 } });
    expect(isOpen(eventfd)).toBe(true);
    await events.return();
    expect(isOpen(eventfd)).toBe(false);
  });

  it('says what is missing', () => {
    const directory = mkdtempSync(join(tmpdir(), 'ts-c-oom-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const missing = { code: 'ERR_NO_CONTROLLER', path: join(directory, 'memory.oom_control') };
    expect(() => watchOom(directory, 1)).toThrow(expect.objectContaining(missing));
    expect(() => watchOom(join(directory, 'none'), 2)).toThrow(
      expect.objectContaining({ code: 'ERR_CGROUP_REMOVED', path: join(directory, 'none') }),
    );
  });
});

describe('watchOom', () => {
  it.skipIf(!v1)('tells of a process that is killed (needs cgroup v1)', async () => {
    const before = openDescriptors();
    const directory = makeGroup(v1);
    writeFileSync(join(directory, 'memory.limit_in_bytes'), '16777216');
    const events = watchOom(directory, 1);
    spawnIn(directory, glutton);
    expect(await killedAtLeast(events, 1)).toBe(1);
    spawnIn(directory, glutton);
    expect(await killedAtLeast(events, 2)).toBe(2);
    await removeGroup(directory);
    expect(await killedAtLeast(events, 3)).toBe(0);
    expect(openDescriptors()).toEqual(before);
  });

  it.skipIf(!v1)('tells that processes wait where none is killed (needs cgroup v1)', async () => {
    const directory = makeGroup(v1);
    writeFileSync(join(directory, 'memory.limit_in_bytes'), '16777216');
    writeFileSync(join(directory, 'memory.oom_control'), '1');
    const events = watchOom(directory, 1);
    spawnIn(directory, glutton);
    expect((await events.next()).value).toEqual({ type: 'oom', killed: 0, underOom: true });
    await events.return();
  });

  it.skipIf(!v2)('tells of a process that is killed (needs cgroup v2)', async () => {
    const before = openDescriptors();
    const directory = makeGroup(v2, 'memory');
    writeFileSync(join(directory, 'memory.max'), '16777216');
    const [events, all] = [watchOom(directory, 2), watchMemoryEvents(directory)];
    spawnIn(directory, glutton);
    expect(await killedAtLeast(events, 1)).toBe(1);
    expect((await all.next()).value?.grown).toContain('max');
    await all.return();
    spawnIn(directory, glutton);
    expect(await killedAtLeast(events, 2)).toBe(2);
    await removeGroup(directory);
    expect(await killedAtLeast(events, 3)).toBe(0);
    expect(openDescriptors()).toEqual(before);
  });

  it.skipIf(!v2)('ends with a cgroup that never had a process (needs cgroup v2)', async () => {
    const directory = makeGroup(v2, 'memory');
    const end = watchOom(directory, 2).next();
    await delay(50);
    rmdirSync(directory);
    expect(await end).toEqual({ done: true, value: undefined });
  });
});
