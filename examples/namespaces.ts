import { spawn } from '@ts-c/namespaces';

// All that it starts ends with it: the pid namespace sees to that.
const child = spawn('sh', ['-c', 'hostname alone; hostname; echo $$'], {
  namespaces: { pid: true, uts: true },
  stdio: 'inherit',
});
child.on('exit', (code) => (process.exitCode = code ?? 1));
