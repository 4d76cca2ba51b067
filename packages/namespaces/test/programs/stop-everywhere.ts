/** Stops a supervisor at each of its steps, tells which processes that makes, and waits to be killed. */
import { stopEverywhere } from '../walk.ts';

const stopped = await stopEverywhere(process.argv[2] ?? '');
console.log(JSON.stringify(stopped.flatMap(({ pids }) => pids)));
setInterval(() => {}, 1000);
