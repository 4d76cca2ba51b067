// Writes state.json over and over, each time with another length, until it is killed.
import { saveState } from '@ts-c/state';

const [directory = '.'] = process.argv.slice(2);
for (let count = 1; ; count += 1) {
  saveState(directory, {
    init_pid: count,
    network_state: { ns_path: `/${'x'.repeat((count * 977) % 20_000)}` },
  });
  if (count === 1) process.stdout.write('writing\n');
}
