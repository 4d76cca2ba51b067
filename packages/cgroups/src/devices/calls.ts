import { defineStruct, memory, type Memory, oneOf, prefixed, sizeOf, syscall } from '@ts-c/syscall';

/** Commands of bpf(2). */
export const BPF = {
  PROG_LOAD: 5,
  PROG_ATTACH: 8,
  PROG_DETACH: 9,
  PROG_GET_FD_BY_ID: 13,
  OBJ_GET_INFO_BY_FD: 15,
  PROG_QUERY: 16,
} as const;
const commands = prefixed('BPF_', BPF);

const parameters = [
  oneOf('cmd', commands),
  // A kernel reads as much of the union as it knows: less than this is never given to it.
  memory('attr', 128),
  sizeOf('size', 'attr'),
] as const;

/** bpf(2). */
export const bpf = syscall('bpf', parameters);
/** bpf(2) with a command that opens something. */
export const bpfOpen = syscall('bpf', parameters, 'fd');

/** Size of every `union bpf_attr`: what is behind the fields of a command is zero, as the kernel wants it. */
const attrSize = 128;
/** The type of programs about devices. */
export const BPF_PROG_TYPE_CGROUP_DEVICE = 15;
/** Where they are attached. */
export const BPF_CGROUP_DEVICE = 6;
/** How programs are attached. */
export const BPF_F = {
  /** Beside other programs: a device is allowed if all allow it. */
  ALLOW_MULTI: 2,
  /** In the place of another. */
  REPLACE: 4,
} as const;
/** `BPF_OBJ_NAME_LEN`: bytes of a program's name, with the NUL. */
export const nameSize = 16;

const programType = { constants: { BPF_PROG_TYPE_CGROUP_DEVICE } };
const attachType = { constants: { BPF_CGROUP_DEVICE } };

/** `BPF_PROG_LOAD`. */
export const loadAttr = defineStruct(
  'bpf_attr',
  {
    prog_type: { type: 'u32', ...programType },
    insn_cnt: { type: 'u32' },
    insns: { type: 'pointer' },
    license: { type: 'pointer' },
    log_level: { type: 'u32' },
    log_size: { type: 'u32' },
    log_buf: { type: 'pointer' },
    kern_version: { type: 'u32' },
    prog_flags: { type: 'u32' },
    // The name, and the fields behind it.
    prog_name: { type: 'u64' },
    prog_ifindex: { type: 'u32', padding: 8 },
    expected_attach_type: { type: 'u32', ...attachType },
  },
  attrSize,
);
/** `BPF_PROG_ATTACH` and `BPF_PROG_DETACH`. */
export const attachAttr = defineStruct(
  'bpf_attr',
  {
    target_fd: { type: 'u32' },
    attach_bpf_fd: { type: 'u32' },
    attach_type: { type: 'u32', ...attachType },
    attach_flags: { type: 'u32', flags: prefixed('BPF_F_', BPF_F) },
    replace_bpf_fd: { type: 'u32' },
  },
  attrSize,
);
/** `BPF_PROG_QUERY`. */
export const queryAttr = defineStruct(
  'bpf_attr',
  {
    target_fd: { type: 'u32' },
    attach_type: { type: 'u32', ...attachType },
    query_flags: { type: 'u32' },
    attach_flags: { type: 'u32' },
    prog_ids: { type: 'pointer' },
    prog_cnt: { type: 'u32' },
  },
  attrSize,
);
/** `BPF_PROG_GET_FD_BY_ID`. */
export const idAttr = defineStruct('bpf_attr', { prog_id: { type: 'u32' } }, attrSize);
/** `BPF_OBJ_GET_INFO_BY_FD`. */
export const infoAttr = defineStruct(
  'bpf_attr',
  { bpf_fd: { type: 'u32' }, info_len: { type: 'u32' }, info: { type: 'pointer' } },
  attrSize,
);
/** Where `struct bpf_prog_info` has what is read of it. The kernel fills in as much as there is room. */
export const programInfo = { size: 80, type: 0, id: 4, name: 64 } as const;

/** Memory with the name of a program, 15 bytes at most. */
export function withName(attr: Memory, name: string): Memory {
  return attr.write(loadAttr.offsets.prog_name, Buffer.from(name.slice(0, nameSize - 1)));
}
