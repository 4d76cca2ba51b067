import { close, live, Memory, type Kernel, type Value } from '@ts-c/syscall';
import { deviceProgram, instructionCount } from './bpf.ts';
import { disassemble } from './assembler.ts';
import { attachedDevices, openProgram, type AttachedProgram } from './attached.ts';
import {
  attachAttr,
  BPF,
  bpf,
  BPF_CGROUP_DEVICE,
  BPF_F,
  BPF_PROG_TYPE_CGROUP_DEVICE,
  bpfOpen,
  loadAttr,
  withName,
} from './calls.ts';
import { explainBpf } from './refusal.ts';
import { formatRule } from './rules.ts';
import type { DeviceRule } from './rule.ts';

const owner = '@ts-c/cgroups';
/** By this name our programs are known among those of others. */
export const programName = 'tsc_devices';
/** The program calls none of the kernel's functions, so the kernel is content with any. */
const license = 'Apache-2.0';
const logSize = 64 * 1024;

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
  const [first, ...others] = attachedDevices(cgroupFd).filter(({ name }) => name === programName);
  if (!first) return attachAs(live, cgroupFd, rules);
  withProgram(first, (fd) => attachAs(live, cgroupFd, rules, fd));
  // All of them would have to allow a device: the new rules alone shall count.
  for (const program of others)
    withProgram(program, (fd) =>
      explained(live, () => {
        live.call(bpf, BPF.PROG_DETACH, attachAttr.make(attachment(cgroupFd, fd)), attachAttr.size);
      }),
    );
}

function attachAs(
  kernel: Kernel,
  cgroupFd: Value,
  rules: readonly DeviceRule[],
  replaced?: Value,
): void {
  const instructions = deviceProgram(rules);
  kernel.section(owner, 'rules about devices', () =>
    explained(kernel, () => {
      const program = load(kernel, instructions, rules);
      kernel.ensure(
        () => {
          const attr = attachAttr.make({
            ...attachment(cgroupFd, program),
            attach_flags: BPF_F.ALLOW_MULTI | (replaced === undefined ? 0 : BPF_F.REPLACE),
            replace_bpf_fd: replaced,
          });
          kernel.call(bpf, BPF.PROG_ATTACH, attr, attachAttr.size);
        },
        () => kernel.call(close, program),
      );
    }),
  );
}

/** A program's place on a cgroup. */
function attachment(cgroupFd: Value, program: Value) {
  return {
    target_fd: cgroupFd,
    attach_bpf_fd: program,
    attach_type: BPF_CGROUP_DEVICE,
  };
}

function load(kernel: Kernel, instructions: Uint8Array, rules: readonly DeviceRule[]): Value {
  const code = new Memory(instructions);
  code.describe = () => `[${rules.map(formatRule).join(', ')}]`;
  try {
    return kernel.call(bpfOpen, BPF.PROG_LOAD, loading(code), loadAttr.size);
  } catch (error) {
    throw explainBpf(error, () => verifierLog(code));
  }
}

function loading(code: Memory, log?: Memory): Memory {
  const attr = loadAttr.make({
    prog_type: BPF_PROG_TYPE_CGROUP_DEVICE,
    insn_cnt: instructionCount(code.bytes),
    insns: code,
    license: Memory.text('license', license),
    ...(log ? { log_level: 1, log_size: log.size, log_buf: log } : {}),
    expected_attach_type: BPF_CGROUP_DEVICE,
  });
  return withName(attr, programName);
}

/** What the verifier of the kernel says about a program that was refused: it is only asked then, as its words take time. */
function verifierLog(code: Memory): string {
  const log = new Memory(logSize);
  try {
    live.call(close, live.call(bpfOpen, BPF.PROG_LOAD, loading(code, log), loadAttr.size));
    return '';
  } catch {
    const text = Buffer.from(log.bytes);
    const words = text.toString('utf8', 0, text.indexOf(0)).trim();
    return words === '' ? '' : [words, ...disassemble(code.bytes)].join('\n');
  }
}

/** Only live calls throw here; a Program reports when it runs. */
function explained(kernel: Kernel, body: () => void): void {
  if (kernel !== live) return body();
  try {
    body();
  } catch (error) {
    throw explainBpf(error);
  }
}

function withProgram(program: AttachedProgram, body: (fd: number) => void): void {
  const fd = openProgram(program.id);
  if (fd === undefined) return;
  live.ensure(
    () => body(fd),
    () => live.call(close, fd),
  );
}
