export * as netlink from './netlink/index.ts';
