import { spawn } from 'node:child_process';
import { AT_FDCWD, close, live, OPEN, openat } from '@ts-c/syscall';
import { openTerminal, Terminal } from '@ts-c/terminal';

// Of this machine's devpts here; a container has one of its own.
const devpts = live.call(openat, AT_FDCWD, '/dev/pts', OPEN.PATH | OPEN.DIRECTORY, 0);
const { master, slave } = openTerminal(live, devpts, { size: { rows: 30, columns: 100 } });
const end = Number(slave);
spawn('sh', ['-c', 'test -t 0 && stty size'], { stdio: [end, end, end] });
for (const descriptor of [slave, devpts]) live.call(close, descriptor);

const terminal = new Terminal(Number(master));
for await (const chunk of terminal) process.stdout.write(String(chunk));
