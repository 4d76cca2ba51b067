import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { reserveDescriptor, returnDescriptor } from './descriptors.ts';
import { StatisticsReader } from './reader.ts';

const open = () => fs.readdirSync('/proc/self/fd').length;

it('keeps no file open beyond half of the descriptors that the process may have', () => {
  let reserved = 0;
  while (reserveDescriptor()) reserved++;
  onTestFinished(() => {
    for (let index = 0; index < reserved; index++) returnDescriptor();
  });
  const soft = /^Max open files +(\d+)/m.exec(fs.readFileSync('/proc/self/limits', 'latin1'))?.[1];
  // Readers of other tests may have some of them.
  const half = Math.floor(Number(soft) / 2);
  expect(reserved).toBeLessThanOrEqual(half);
  expect(reserved).toBeGreaterThan(half * 0.9);

  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ts-c-test-'));
  onTestFinished(() => fs.rmSync(directory, { recursive: true }));
  fs.writeFileSync(`${directory}/pids.current`, '3\n');
  fs.writeFileSync(`${directory}/memory.stat`, 'cache 1\n');

  using reader = new StatisticsReader(1, () => directory);
  const before = open();
  expect(reader.read().pids?.current).toBe(3);
  expect(open()).toBe(before);
  returnDescriptor();
  reserved--;
  reader.read();
  expect(open()).toBe(before + 1);
  fs.writeFileSync(`${directory}/pids.current`, '4\n');
  expect(reader.read().pids?.current).toBe(4);
  reader[Symbol.dispose]();
  expect(reserveDescriptor()).toBe(true);
  reserved++;
  expect(reserveDescriptor()).toBe(false);
});

it('reads files that are longer than any before', () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ts-c-test-'));
  onTestFinished(() => fs.rmSync(directory, { recursive: true }));
  const lines = Array.from({ length: 5000 }, (_, index) => `key_number_${index} ${index}`);
  fs.writeFileSync(`${directory}/memory.stat`, lines.join('\n'));
  using reader = new StatisticsReader(1, () => directory);
  const stat = reader.read().memory?.stat ?? {};
  expect(Object.keys(stat)).toHaveLength(5000);
  expect(stat['key_number_4999']).toBe(4999);
});
