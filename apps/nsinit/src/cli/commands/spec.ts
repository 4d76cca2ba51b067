import { join } from 'node:path';
import { defaultSimpleDevices } from '@ts-c/mount';
import { formatConfig, type Config } from '../../config/index.ts';
import { defaultCapabilities, defaultPath } from '../../runtime/defaults.ts';
import { defineCommand } from '../command.ts';
import { warn } from '../report.ts';
import { dataPath, readConfig } from '../read-config.ts';

export default defineCommand({
  usage: ['[options]', '--new > container.json'],
  description:
    'Reads container.json of the current directory, or of the one that the variable data_path names, checks it, and prints it as libcontainer 1.1.0 would have: its keys in order, what is zero left out, indented with tabs. Unlike 1.1.0 there is no line in front of it, so that it can be piped.',
  options: {
    config: { type: 'string', value: 'FILE', description: 'Read this file instead' },
    new: { type: 'boolean', description: 'Print a container.json to begin with' },
    strict: {
      type: 'boolean',
      description: 'Errors instead of warnings about what is unknown in it',
    },
    json: { type: 'boolean', description: 'Print JSON, as without this option' },
  },
  examples: [
    { command: 'nsinit spec --new > container.json', about: 'Begin' },
    { command: 'nsinit spec --strict > /dev/null', about: 'Is everything in it as it should be?' },
  ],
  rest: 'words',
  words: { min: 0, max: 0 },
  run(call) {
    const { values, stdout, stderr } = call;
    const path = values.config ?? join(dataPath(call), 'container.json');
    const config = values.new
      ? newConfig
      : readConfig(path, values.strict === true, (text) => warn(text, stderr));
    stdout.write(`${formatConfig(config)}\n`);
  },
});

/** A container with a shell in mind: what `nsinit run` gives without options, as far as a configuration has to say it. */
const newConfig: Config = {
  mount_config: { device_nodes: defaultSimpleDevices },
  hostname: 'box',
  environment: [defaultPath, 'TERM=xterm', 'HOSTNAME=box'],
  tty: true,
  namespaces: {
    NEWNS: true,
    NEWUTS: true,
    NEWIPC: true,
    NEWPID: true,
    NEWNET: true,
    NEWCGROUP: true,
  },
  capabilities: defaultCapabilities,
  restrict_sys: true,
  no_new_privileges: true,
};
