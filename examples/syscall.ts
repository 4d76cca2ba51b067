import { Program, execve, exitGroup, Memory, spawn } from '@ts-c/syscall';

const program = new Program();
program.attempt(['ENOENT'], () =>
  program.call(execve, '/no/such/file', Memory.strings('argv', ['x']), Memory.strings('envp', [])),
);
program.call(exitGroup, 7);
console.log(program.toString());
spawn(program).process.on('exit', (code) => console.log(`it ended with status ${code}`));
