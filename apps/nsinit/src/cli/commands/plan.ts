import { defineCommand } from '../command.ts';
import { printable } from '../output.ts';
import { planOptions } from '../plan-options.ts';
import { runOptions } from '../run-options.ts';

export default defineCommand({
  usage: ['[run] [options] [--] COMMAND [ARG...]', 'exec [options] [--] COMMAND [ARG...]'],
  description:
    'Takes the same options as run or exec, and needs no privileges. Numbers that are only known when it runs have names: fd3 is what the call has returned before. Calls may be left out where a line says so; errors in brackets are answers, not failures.',
  options: { ...planOptions, ...runOptions },
  examples: [
    { command: 'nsinit plan --rootfs /srv/alpine -- sh', about: 'What run would do' },
    {
      command: 'diff <(nsinit plan true) <(nsinit plan --userns true)',
      about: 'What a user namespace changes',
    },
    {
      command: 'cd /srv/busybox && nsinit plan --json exec sh | jq ".steps[].syscall"',
      about: 'Names of the calls of exec',
    },
  ],
  rest: 'command',
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  async run(call) {
    const { planOf, planRun } = await import('../plan-request.ts');
    const { json, ...before } = call.values;
    const [name, ...args] = call.words;
    const isNamed = !call.terminated && (name === 'run' || name === 'exec');
    const plan = isNamed ? planOf(name, args, before, call) : planRun(before, call.words, call);
    const { facts, program } = plan;
    if (json || plan.json) {
      const steps = program.listing().flatMap(({ text, ...step }) => {
        return step.step === undefined ? [] : { ...step, text: text.replace(/^\s*\d+\s+/, '') };
      });
      call.stdout.write(`${JSON.stringify({ facts, steps }, null, 2)}\n`);
    } else {
      call.stdout.write(`${printable(program.toString()).trimEnd()}\n`);
    }
  },
});
