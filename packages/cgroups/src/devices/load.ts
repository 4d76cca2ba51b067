import { close, live, Memory } from '@ts-c/syscall';
import { disassemble } from './assembler.ts';
import { instructionCount } from './bpf.ts';
import {
  BPF,
  BPF_CGROUP_DEVICE,
  BPF_PROG_TYPE_CGROUP_DEVICE,
  bpfOpen,
  loadAttr,
  withName,
} from './calls.ts';

/** By this name our programs are known among those of others. */
export const programName = 'tsc_devices';
/** The program calls none of the kernel's functions, so the kernel is content with any. */
const license = 'Apache-2.0';
const logSize = 64 * 1024;

/** What `BPF_PROG_LOAD` is given for a program. */
export function loading(code: Memory, log?: Memory): Memory {
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

/** What the verifier of the kernel says about a program that was refused: it is only asked then, as its words take time. Empty where it has none. */
export function verifierLog(code: Memory): string {
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
