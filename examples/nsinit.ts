import { run } from 'nsinit';

const request = { command: ['sh', '-c', 'echo I am process $$ on $(hostname)'], hostname: 'box' };
const { exitCode } = await run(request, { stdio: 'inherit' });
process.exitCode = exitCode ?? 1;
