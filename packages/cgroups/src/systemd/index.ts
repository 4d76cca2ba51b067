/** What is loaded only when systemd is asked for something. */
export { systemd } from './detect.ts';
export { scopeName } from './name.ts';
export { startScope, stopScope } from './scope.ts';
