import { mountOf, readMountInfo } from '@ts-c/mount';

const mount = mountOf('/proc/self', readMountInfo());
console.log(`/proc/self is on ${mount?.type}, mounted at ${mount?.mountPoint}`);
