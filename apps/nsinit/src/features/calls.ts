import {
  AT_FDCWD,
  closeRange,
  fd,
  memory,
  Memory,
  openat2,
  pidfdOpen,
  pidfdSendSignal,
  syscall,
  text,
  uint,
  ulong,
  type ErrnoCode,
  type Program,
} from '@ts-c/syscall';
import type { Host } from './host.ts';
import { probe } from './probe.ts';
import { explain } from './reasons.ts';
import type { Feature } from './types.ts';

const clone3 = syscall('clone3', [memory('cl_args'), ulong('size')], 'pid');
const mountSetattr = syscall('mount_setattr', [
  fd('dirfd'),
  text('pathname'),
  uint('flags'),
  memory('attr'),
  ulong('size'),
]);

interface CallProbe {
  readonly name: string;
  readonly since: string;
  /** Calls it in a way that the kernel can only refuse. */
  readonly call: (program: Program) => unknown;
  /** How it refuses if it knows the call. */
  readonly answer: ErrnoCode;
}

const probes: readonly CallProbe[] = [
  {
    name: 'openat2',
    since: '5.6',
    call: (program) => program.call(openat2, AT_FDCWD, '/', new Memory(24), 0),
    answer: 'EINVAL',
  },
  {
    name: 'clone3',
    since: '5.3',
    call: (program) => program.call(clone3, new Memory(64), 0),
    answer: 'EINVAL',
  },
  {
    name: 'close_range',
    since: '5.9',
    call: (program) => program.call(closeRange, 1, 0, 0),
    answer: 'EINVAL',
  },
  {
    name: 'pidfd_open',
    since: '5.3',
    call: (program) => program.call(pidfdOpen, 0, 0),
    answer: 'EINVAL',
  },
  {
    name: 'pidfd_send_signal',
    since: '5.1',
    call: (program) => program.call(pidfdSendSignal, -1, 0, null, 0),
    answer: 'EBADF',
  },
  {
    name: 'mount_setattr',
    since: '5.12',
    call: (program) => program.call(mountSetattr, -1, '', 0, new Memory(32), 0),
    answer: 'EINVAL',
  },
];

/** System calls that containers are made with. */
export async function callFeatures(host: Host): Promise<Feature[]> {
  return Promise.all(
    probes.map(async ({ name, since, call, answer }): Promise<Feature> => {
      const refusal = await probe(call, [answer]);
      const base = { id: `calls.${name}`, title: `${name}(2)`, available: refusal === undefined };
      return refusal ? { ...base, reason: explain(refusal, host, { since }) } : base;
    }),
  );
}
