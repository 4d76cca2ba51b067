export { ping, type PingOptions, type PingReply } from './ping.ts';
export { PingError } from './ping-error.ts';
