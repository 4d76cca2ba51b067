export * as netlink from './netlink/index.ts';
export * as rtnetlink from './route/index.ts';
