import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { CgroupStatistics } from '../src/statistics/statistics.ts';
import { TestGroup } from './groups.ts';

// What the kernel's own files say, read in another way than the reader does.

/** TMPFS_MAGIC; newer ones take O_DIRECT and have no device. */
const tmpfs = 0x01021994;

export type Files = Record<string, string>;

function readAll(group: TestGroup): Files {
  const files: Files = {};
  for (const directory of group.directories) {
    for (const name of fs.readdirSync(directory)) {
      if (/stat|usage|bytes|failcnt|max|peak|current|events|blkio|free|pressure|oom/.test(name)) {
        files[name] = readIfReadable(`${directory}/${name}`);
      }
    }
  }
  return files;
}

function readIfReadable(file: string): string {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

/** Counters are still summed up for a moment after the processes have stopped, and one tick may come in between. */
export function settled<Sample>(
  group: TestGroup,
  read: () => Sample,
): { sample: Sample; files: Files } {
  for (let attempt = 0; attempt < 200; attempt++) {
    const files = readAll(group);
    const sample = read();
    if (JSON.stringify(files) === JSON.stringify(readAll(group))) return { sample, files };
  }
  throw new Error('the files of a frozen cgroup keep changing');
}

export const number = (text = ''): number | bigint => {
  const value = BigInt(text.trim());
  return value > Number.MAX_SAFE_INTEGER ? value : Number(value);
};

export const limit = (text = ''): number | bigint | 'max' =>
  text.trim() === 'max' ? 'max' : number(text);

export const map = (text = ''): Record<string, number | bigint> =>
  Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => line.split(' '))
      .map(([key = '', value]) => [key, number(value)]),
  );

export const blkio = (text = '') =>
  [...text.matchAll(/^(\d+):(\d+) (\w+) (\d+)$/gm)].map(([, major, minor, op, value]) => ({
    major: Number(major),
    minor: Number(minor),
    op,
    value: Number(value),
  }));

export const withoutZeros = (value: object): unknown =>
  Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== 0 && member !== 0n && member !== ''),
  );

export const ioStat = (text = '') =>
  text
    .trim()
    .split('\n')
    .filter((line) => line.includes('='))
    .map((line) => ({
      device: line.split(' ')[0] ?? '',
      ...Object.fromEntries(
        [...line.matchAll(/(\w+)=(\d+)/g)].map(([, key = '', value]) => [key, Number(value)]),
      ),
    })) as { device: string; [key: string]: number | string }[];

export const pressure = (text = '') =>
  Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map((line) => [
        line.split(' ')[0],
        Object.fromEntries(
          [...line.matchAll(/(\w+)=([\d.]+)/g)].map(([, key = '', value]) => [key, Number(value)]),
        ),
      ]),
  );

/** What the processes write past the cache, and read again: nothing where the temporary directory is not on a disk. */
const amount = canWriteDirectly() ? 16 * 4096 : 0;

function canWriteDirectly(): boolean {
  const { O_CREAT, O_WRONLY, O_DIRECT } = fs.constants;
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ts-c-test-'));
  try {
    fs.closeSync(fs.openSync(`${directory}/file`, O_CREAT | O_WRONLY | O_DIRECT));
    return fs.statfsSync(directory).type !== tmpfs;
  } catch {
    return false;
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

/** Version 1 begins to count for a disk when the first limit is set on it. It can't be set on a partition. */
function countIo(group: TestGroup): boolean {
  const { dev } = fs.statSync(os.tmpdir());
  const file = `${group.directoryOf('blkio')}/blkio.throttle.write_bps_device`;
  try {
    // The same bits as in the kernel's own new_decode_dev.
    const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
    fs.writeFileSync(file, `${major}:${minor} 1000000000`);
    return true;
  } catch {
    return false;
  }
}

export const sum = (io: CgroupStatistics['io'], of: 'writeBytes' | 'reads') =>
  (io ?? []).reduce((total, device) => total + Number(device[of]), 0);

/** A cgroup with processes in it that have used memory, CPU time and a disk, and stand still. */
export async function busyGroup(version: 1 | 2): Promise<{ group: TestGroup; written: number }> {
  const group = new TestGroup(version);
  onTestFinished(() => group[Symbol.dispose]());
  const written = version === 2 || countIo(group) ? amount : 0;
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'ts-c-test-'));
  onTestFinished(() => fs.rmSync(directory, { recursive: true }));
  const work = [
    'read line',
    'dd if=/dev/zero of=/dev/null bs=1M count=500',
    `dd if=/dev/zero of=${directory}/written bs=4k count=16 oflag=direct`,
    `dd if=${directory}/written of=/dev/null bs=4k iflag=direct`,
    'sleep 1000 & echo done; wait',
  ];
  const child = spawn('sh', ['-c', work.join('\n')], { stdio: ['pipe', 'pipe', 'ignore'] });
  group.add(child.pid ?? 0);
  child.stdin.write('go\n');
  await once(child.stdout, 'data');
  group.freeze(true);
  return { group, written };
}
