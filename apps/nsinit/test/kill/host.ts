/** Pauses containers, says which processes that makes, and waits to be killed. */
import { pauseAt } from './walk.ts';

const [rootfs = '', root = '', from = '1', to = '1'] = process.argv.slice(2);
const steps = Array.from(
  { length: Number(to) - Number(from) + 1 },
  (_, index) => Number(from) + index,
);
const paused = await pauseAt(steps, rootfs, root);
console.log(JSON.stringify(paused.flatMap(({ pids }) => pids)));
setInterval(() => {}, 1000);
