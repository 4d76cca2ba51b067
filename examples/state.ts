import { isSameProcess, processStartTime } from '@ts-c/state';

const startTime = processStartTime(process.pid);
console.log(
  isSameProcess(process.pid, startTime) ? 'still the same process' : 'the pid was used again',
);
