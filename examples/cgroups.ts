import { once } from 'node:events';
import { Cgroup } from '@ts-c/cgroups';

await using group = await Cgroup.create({ memory: '64M', pids: 32 });
const child = group.spawn('tail', ['/dev/zero']); // keeps all that it reads until a line ends: none does
const [, signal] = await once(child, 'exit');
const { memory } = await group.statistics();
console.log(`ended by ${signal}, with ${memory?.events.oomKill} OOM kill`);
