import { isErrno, live, Memory, withDescriptor } from '@ts-c/syscall';
import {
  BPF,
  bpf,
  BPF_CGROUP_DEVICE,
  bpfOpen,
  idAttr,
  infoAttr,
  nameSize,
  programInfo,
  queryAttr,
} from './calls.ts';
import { explainBpf, pathOf } from './refusal.ts';

/** The most programs that a cgroup can have. */
const mostPrograms = 64;

/** A program about devices that is attached to a cgroup. */
export interface AttachedProgram {
  /** The number that the kernel knows it by. */
  readonly id: number;
  /** Its name, of 15 characters at most; empty where nobody gave it one. */
  readonly name: string;
}

/**
 * The programs about devices that are attached to a cgroup of version 2 itself: bpf(2), `BPF_PROG_QUERY`.
 *
 * @param cgroupFd The directory of the cgroup, open for reading.
 * @throws {CgroupError} With the kernel's code, where it refuses, and why.
 */
export function attachedDevices(cgroupFd: number): AttachedProgram[] {
  const ids = new Memory(4 * mostPrograms);
  const query = queryAttr.make({
    target_fd: cgroupFd,
    attach_type: BPF_CGROUP_DEVICE,
    prog_ids: ids,
    prog_cnt: mostPrograms,
  });
  try {
    live.call(bpf, BPF.PROG_QUERY, query, queryAttr.size);
  } catch (error) {
    throw explainBpf(error, { path: pathOf(cgroupFd) });
  }
  const count = Number(query.get('u32', queryAttr.offsets.prog_cnt));
  const found: AttachedProgram[] = [];
  for (let index = 0; index < count; index += 1) {
    const program = describe(Number(ids.get('u32', 4 * index)));
    if (program) found.push(program);
  }
  return found;
}

/** Opens a program by its number; undefined where it has gone meanwhile. */
export function openProgram(id: number): number | undefined {
  try {
    const attr = idAttr.make({ prog_id: id });
    return Number(live.call(bpfOpen, BPF.PROG_GET_FD_BY_ID, attr, idAttr.size));
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw explainBpf(error);
  }
}

function describe(id: number): AttachedProgram | undefined {
  const fd = openProgram(id);
  if (fd === undefined) return undefined;
  return withDescriptor(live, fd, () => ({ id, name: nameOf(fd) }));
}

function nameOf(fd: number): string {
  const info = new Memory(programInfo.size);
  const attr = infoAttr.make({ bpf_fd: fd, info_len: info.size, info });
  live.call(bpf, BPF.OBJ_GET_INFO_BY_FD, attr, infoAttr.size);
  const name = Buffer.from(info.bytes).toString(
    'utf8',
    programInfo.name,
    programInfo.name + nameSize,
  );
  return name.replace(/\0.*$/s, '');
}
