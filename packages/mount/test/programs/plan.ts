import { defaultSimpleDevices, setUpMountNamespace } from '@ts-c/mount';
import { Program } from '@ts-c/syscall';

const program = new Program();
setUpMountNamespace(program, {
  rootfs: '/srv/alpine',
  mounts: [
    { type: 'bind', source: '/etc', destination: '/host/etc' }, // read-only, with all that is mounted below
    { type: 'tmpfs', destination: '/tmp', options: ['size=16m', 'nosuid', 'nodev'] },
  ],
  deviceNodes: defaultSimpleDevices,
  restrictSys: true,
});
console.log(program.toString()); // every system call that this is; spawn(program) makes them
