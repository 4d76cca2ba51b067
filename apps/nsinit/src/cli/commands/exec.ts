import { defineCommand } from '../command.ts';
import { commandOf } from '../command-words.ts';
import { execOptions } from '../exec-options.ts';

export default defineCommand({
  usage: ['[options] [--] COMMAND [ARG...]'],
  description:
    'As nsinit of libcontainer 1.1.0: the current directory is the root file system, and container.json in it says what container it is. state.json is written beside it while the container lives. Entering a container that runs already is not there yet.\nThe variable data_path names another directory for container.json and state.json. The variable log names a file that warnings and errors are added to.',
  options: execOptions,
  examples: [
    {
      command: 'cd /srv/busybox && nsinit exec -- /bin/sh -c "ls -l /dev"',
      about: 'The container of /srv/busybox',
    },
    {
      command: 'data_path=/etc/box log=/var/log/box.log nsinit exec /bin/sh',
      about: 'With its container.json elsewhere',
    },
  ],
  rest: 'command',
  words: { min: 0, max: Number.POSITIVE_INFINITY },
  async run(call) {
    const [{ execRequest, Log }, { runAttached }, { namedByOption }] = await Promise.all([
      import('../exec-request.ts'),
      import('../../runtime/session.ts'),
      import('../network-errors.ts'),
    ]);
    const log = new Log(call);
    try {
      const command = commandOf('exec', call.words);
      const { description, keeper } = execRequest(command, call.values.strict === true, call, log);
      return await runAttached(description, { keeper });
    } catch (refused) {
      const error = namedByOption(refused, {});
      log.error(error);
      throw error;
    }
  },
});
