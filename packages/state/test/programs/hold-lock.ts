// Locks a directory until it is killed, or for so many milliseconds.
import { lockDirectory } from '@ts-c/state';

const [directory = '.', milliseconds = '60000'] = process.argv.slice(2);
const lock = lockDirectory(directory);
process.stdout.write('locked\n');
setTimeout(() => lock.release(), Number(milliseconds));
