import { closeSync } from 'node:fs';
import { live, Memory, withDescriptor, type Kernel, type Value } from '@ts-c/syscall';
import { deviceProgram } from './bpf.ts';
import { attachedDevices, openProgram } from './attached.ts';
import { attachAttr, BPF, bpf, BPF_CGROUP_DEVICE, BPF_F, bpfOpen, loadAttr } from './calls.ts';
import { loading, programName, verifierLog } from './load.ts';
import { explainBpf, pathOf } from './refusal.ts';
import { formatRule } from './rules.ts';
import type { DeviceRule } from './rule.ts';

const owner = '@ts-c/cgroups';

/**
 * Attaches rules about devices to a cgroup of version 2, as a program that the kernel asks: bpf(2). Programs that are attached there
 * or further up stay, and a device has to be allowed by each of them.
 *
 * @param cgroupFd The directory of the cgroup, open for reading.
 * @throws {CgroupError} `ERR_INVALID_RESOURCES` for rules that can't be; live also where the kernel refuses, with its code, and why.
 */
export function attachDevices(kernel: Kernel, cgroupFd: Value, rules: readonly DeviceRule[]): void {
  attachAs(kernel, cgroupFd, rules);
}

/**
 * Puts rules about devices in the place of those that {@link attachDevices} has attached, in one step: there is no moment without
 * rules. Without any they are attached. Programs of others stay.
 *
 * @param cgroupFd The directory of the cgroup, open for reading.
 * @throws {CgroupError} As {@link attachDevices}.
 */
export function replaceDevices(cgroupFd: number, rules: readonly DeviceRule[]): void {
  const own = attachedDevices(cgroupFd).filter(({ name }) => name === programName);
  const programs = own.map(({ id }) => openProgram(id)).filter((fd) => fd !== undefined);
  try {
    const [first, ...others] = programs;
    attachAs(live, cgroupFd, rules, first);
    // All of them would have to allow a device: the new rules alone shall count.
    for (const program of others) detach(cgroupFd, program);
  } finally {
    for (const program of programs) closeSync(program);
  }
}

function detach(cgroupFd: number, program: number): void {
  explained(live, cgroupFd, () => {
    const attr = attachAttr.make(attachment(cgroupFd, program));
    live.call(bpf, BPF.PROG_DETACH, attr, attachAttr.size);
  });
}

function attachAs(
  kernel: Kernel,
  cgroupFd: Value,
  rules: readonly DeviceRule[],
  replaced?: number,
): void {
  const code = new Memory(deviceProgram(rules));
  code.describe = () => `[${rules.map(formatRule).join(', ')}]`;
  const attach = (): void => {
    const program = kernel.call(bpfOpen, BPF.PROG_LOAD, loading(code), loadAttr.size);
    withDescriptor(kernel, program, () => {
      const attr = attachAttr.make({
        ...attachment(cgroupFd, program),
        attach_flags: BPF_F.ALLOW_MULTI | (replaced === undefined ? 0 : BPF_F.REPLACE),
        replace_bpf_fd: replaced,
      });
      kernel.call(bpf, BPF.PROG_ATTACH, attr, attachAttr.size);
    });
  };
  kernel.section(owner, 'rules about devices', () =>
    explained(kernel, cgroupFd, attach, () => verifierLog(code)),
  );
}

/** A program's place on a cgroup. */
const attachment = (cgroupFd: Value, program: Value) => ({
  target_fd: cgroupFd,
  attach_bpf_fd: program,
  attach_type: BPF_CGROUP_DEVICE,
});

/** Only live calls throw here; a Program reports when it runs. */
function explained(kernel: Kernel, cgroupFd: Value, body: () => void, log?: () => string): void {
  if (kernel !== live) return body();
  try {
    body();
  } catch (error) {
    throw explainBpf(error, { path: pathOf(cgroupFd), ...(log ? { log } : {}) });
  }
}
