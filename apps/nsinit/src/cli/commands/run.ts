import { defineCommand } from '../command.ts';
import { warn } from '../report.ts';
import { commandOf } from '../command-words.ts';
import { runOptions } from '../run-options.ts';

export default defineCommand({
  usage: ['[options] [--] COMMAND [ARG...]'],
  description:
    'Options end at the first word that is none, or at --; what follows is the command’s own.\nWithout --rootfs the container sees this machine’s files, and what it writes is thrown away. It has new mount, uts, ipc, pid, net and cgroup namespaces, a dozen capabilities and no new privileges. With --config it has what that file says and nothing else.\nNothing remains of a container that has ended, unless --keep is given.',
  options: runOptions,
  examples: [
    { command: 'nsinit run ls -la /', about: 'A command that can’t do this machine any harm' },
    { command: 'nsinit run -t bash', about: 'A shell' },
    {
      command: 'nsinit run --rootfs /srv/alpine -v ./data:/data:ro -- sh -c "ls /data"',
      about: 'Another root, with a directory of this machine in it',
    },
    {
      command: 'nsinit run --userns --network host -u nobody -- node server.js',
      about: 'As an ordinary user, with this machine’s network',
    },
    {
      command: 'nsinit run --network bridge --publish 8080:80 -- httpd -f',
      about: 'A server that port 8080 of this machine leads to',
    },
    {
      command: 'nsinit run -d --id web --keep -- httpd -f',
      about: 'In the background, until nsinit kill web',
    },
  ],
  rest: 'command',
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  async run(call) {
    const command = commandOf('run', call.words);
    // Only now: help pages and mistakes do without them.
    const [{ requestOf }, { runAttached, runDetached }, { namedByOption }] = await Promise.all([
      import('../request.ts'),
      import('../../runtime/session.ts'),
      import('../network-errors.ts'),
    ]);
    const { id, description, keeper, detach, timeout } = requestOf(call.values, command, call);
    const onTimeout = (): void =>
      warn(`the container was ended: ${call.values.timeout} had passed`, call.stderr);
    try {
      if (!detach) return await runAttached(description, { keeper, timeout, onTimeout });
      await runDetached(description, keeper);
    } catch (error) {
      throw namedByOption(error, call.values);
    }
    call.stdout.write(`${id}\n`);
    return 0;
  },
});
