// Adds one to the number in a file, so many times, each time with the directory locked: not one may be lost.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { waitForLock } from '@ts-c/state';

const [directory = '.', times = '0'] = process.argv.slice(2);
const file = join(directory, 'count');
process.stdout.write('counting\n');
for (let time = 0; time < Number(times); time += 1) {
  const lock = await waitForLock(directory);
  writeFileSync(file, String(Number(readFileSync(file, 'utf8')) + 1));
  lock.release();
}
