// Does things to its own thread, and prints what the thread and its siblings have then.
import { readdirSync, readFileSync } from 'node:fs';
import { argv, exit, pid } from 'node:process';
import { live } from '@ts-c/syscall';
import {
  changeUser,
  dropCapabilities,
  readCapabilities,
  setCapabilities,
  setNoNewPrivileges,
  setResourceLimits,
} from '../../src/index.ts';

const nobody = { uid: 65534, gid: 65533, additionalGids: [5, 6] };
const { effective, permitted, inheritable } = readCapabilities();

const deeds: Readonly<Record<string, () => void>> = {
  drop: () => dropCapabilities(live, ['CHOWN', 'SETPCAP']),
  keep: () => changeUser(live, nobody, { keep: ['CHOWN', 'KILL'] }),
  change: () => changeUser(live, nobody),
  lessEffective: () => setCapabilities(live, { effective: ['KILL'], permitted, inheritable }),
  unheld() {
    dropCapabilities(live, ['CHOWN', 'SETPCAP']);
    dropCapabilities(live, ['CHOWN', 'KILL']);
  },
  withoutSetpcap() {
    setCapabilities(live, {
      effective: effective.filter((name) => name !== 'SETPCAP'),
      permitted,
      inheritable,
    });
    dropCapabilities(live, ['CHOWN']);
  },
  privileges() {
    setNoNewPrivileges(live);
    setResourceLimits(live, { CORE: { soft: 0, hard: 4096 } });
  },
};

let error: object | undefined;
try {
  deeds[argv[2] ?? '']?.();
} catch (thrown) {
  const { code, message } = thrown as NodeJS.ErrnoException;
  error = { code, message };
}
const status = (tid: string): string => readFileSync(`/proc/self/task/${tid}/status`, 'latin1');
const siblings = readdirSync('/proc/self/task').filter((tid) => tid !== String(pid));
const result = {
  error,
  read: readCapabilities(),
  status: status(String(pid)),
  siblings: siblings.map(status),
  limits: readFileSync('/proc/self/limits', 'latin1'),
};
process.stdout.write(JSON.stringify(result), () => exit());
