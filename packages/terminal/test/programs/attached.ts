// Runs a shell script on a terminal of its own, connected with the one that this runs on, and ends in the way that is asked for.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import {
  CLOSE_RANGE,
  closeRange,
  execve,
  live,
  Memory,
  Program,
  setsid,
  spawn,
} from '@ts-c/syscall';
import { currentSize, openTerminal, takeTerminal, Terminal } from '@ts-c/terminal';

const [ending = '', directory = '', script = ''] = process.argv.slice(2);

const devpts = openSync('/dev/pts', 'r');
const size = currentSize(process.stdout);
const { master, slave } = openTerminal(live, devpts, size ? { size } : {});
closeSync(devpts);

const program = new Program();
program.call(setsid);
takeTerminal(program, 4);
program.call(closeRange, 3, 0xffff_ffff, CLOSE_RANGE.CLOEXEC);
const argv = Memory.strings('argv', ['sh', '-c', script]);
program.call(execve, '/bin/sh', argv, Memory.strings('envp', ['PATH=/usr/bin:/bin']));
const { process: child } = spawn(program, {
  stdio: ['ignore', 'ignore', 'ignore', slave as number],
});
closeSync(slave as number);
const ended = once(child, 'exit');

const terminal = new Terminal(Number(master));
const attachment = terminal.attach({ stdin: process.stdin, stdout: process.stdout });
const during = execFileSync('stty', ['-a'], { stdio: ['inherit', 'pipe', 'inherit'] });
writeFileSync(join(directory, 'during'), during);

if (ending === 'throw') throw new Error('thrown');
if (ending === 'reject') void Promise.reject(new Error('rejected'));
if (ending === 'exit') process.exit(7);
if (ending.startsWith('SIG')) process.kill(process.pid, ending);

await attachment.ended;
const [status] = (await ended) as [number];
process.exitCode = status;
terminal.destroy();
// From here on nothing may keep the process alive.
