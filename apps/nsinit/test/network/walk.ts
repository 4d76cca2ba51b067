/**
 * Brings containers on a bridge up, each to another step of its network, and kills their supervisors there. Before each of them it
 * waits for a line, and after it prints one.
 */
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { plan } from '../../src/index.ts';
import { bringUp } from '../../src/runtime/container.ts';
import { complete } from '../../src/runtime/defaults.ts';
import { PausingProgram } from '../kill/pausing-program.ts';

/** So many steps are enough to be killed at; a machine has other things to do. */
const most = 40;

const [rootfs = ''] = process.argv.slice(2);
const request = {
  rootfs,
  command: ['/bin/sleep', '0.1'],
  network: {
    networks: [{ type: 'loopback' }, { type: 'veth' }],
    publish: [{ hostPort: 8080, port: 80 }],
  },
};
const all = plan(request)
  .listing()
  .flatMap(({ step, owner }) => (step !== undefined && owner === '@ts-c/network' ? step : []));
const steps = all.filter((_, index) => index % Math.ceil(all.length / most) === 0);
for await (const _ of createInterface({ input: process.stdin })) {
  const step = steps.shift();
  if (step === undefined) break;
  const container = bringUp(complete(request), { program: new PausingProgram(step) });
  const ended = container.wait().catch(() => {});
  await delay(100);
  container.process.kill('SIGKILL');
  await ended;
  console.log(`killed at step ${step}`);
}
console.log('done');
process.stdin.destroy();
