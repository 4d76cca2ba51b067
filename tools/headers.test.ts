/** Structs and constants of every package against the headers of C: a program is written that prints what C makes of them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AMBIENT, CAP, RLIMIT } from '../packages/capabilities/src/calls.ts';
import * as devices from '../packages/cgroups/src/devices/calls.ts';
import { CODE } from '../packages/cgroups/src/devices/assembler.ts';
import { DEVICE, deviceContext } from '../packages/cgroups/src/devices/bpf.ts';
import { ACCESS } from '../packages/cgroups/src/devices/table.ts';
import {
  FSCONFIG,
  FSMOUNT_CLOEXEC,
  FSOPEN_CLOEXEC,
  mountAttr,
} from '../packages/mount/src/calls.ts';
import { MNT, MOUNT_ATTR, MOUNT_ATTR__ATIME, MS } from '../packages/mount/src/flags.ts';
import * as calls from '../packages/namespaces/src/calls.ts';
import { namespaces } from '../packages/namespaces/src/kinds.ts';
import * as shared from '../packages/syscall/src/calls.ts';
import * as sockets from '../packages/syscall/src/socket-calls.ts';
import * as terminal from '../packages/terminal/src/calls.ts';

const hasCompiler = spawnSync('cc', ['--version']).status === 0;
const isX64 = process.arch === 'x64';

/** Headers, and expressions of C with what they should come to. */
interface Group {
  readonly includes: readonly string[];
  readonly expressions: Readonly<Record<string, number | bigint>>;
}

type Constants = Readonly<Record<string, number | bigint>>;

function named(prefix: string, table: Constants): Constants {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [prefix + name, value]));
}

/** Where a union has the fields of one command. Its own size depends on the kernel's version. */
function offsetsIn(type: string, offsets: Readonly<Record<string, number>>, part = ''): Constants {
  return Object.fromEntries(
    Object.entries(offsets).map(([field, offset]) => [
      `offsetof(${type}, ${part}${field})`,
      offset,
    ]),
  );
}

/** Size and offsets of a struct; only some of its fields, or other names for them, where `names` says so. */
function struct(
  type: string,
  size: number,
  offsets: Readonly<Record<string, number>>,
  names: (field: string) => string = (field) => field,
): Constants {
  const fields = Object.entries(offsets).map(([field, offset]) => [
    `offsetof(${type}, ${names(field)})`,
    offset,
  ]);
  return { [`sizeof(${type})`]: size, ...Object.fromEntries(fields) };
}

const { size: statxSize, size64, ...statxFields } = shared.statxLayout;
const statxNames: Readonly<Record<string, string>> = {
  rdevMajor: 'rdev_major',
  rdevMinor: 'rdev_minor',
  devMajor: 'dev_major',
  devMinor: 'dev_minor',
  mountId: 'mnt_id',
};

const groups: Readonly<Record<string, Group>> = {
  '@ts-c/syscall': {
    includes: [
      'fcntl.h',
      'signal.h',
      'sys/file.h',
      'sys/prctl.h',
      'sys/stat.h',
      'sys/statfs.h',
      'linux/close_range.h',
      'linux/magic.h',
      'linux/openat2.h',
    ],
    expressions: {
      ...struct('struct open_how', shared.openHow.size, shared.openHow.offsets),
      ...struct('struct statfs', shared.statfsSize, { f_type: 0 }),
      ...struct(
        'struct statx',
        statxSize,
        { ...statxFields, size: size64 },
        (field) => `stx_${statxNames[field] ?? field}`,
      ),
      // O_* are x86-64's everywhere in ts-c.
      ...(isX64 ? named('O_', shared.OPEN) : {}),
      ...named('RESOLVE_', shared.RESOLVE),
      ...named('AT_', shared.AT),
      ...named('STATX_', shared.STATX),
      ...named('CLOSE_RANGE_', shared.CLOSE_RANGE),
      ...named('PR_', shared.PR),
      ...named('LOCK_', shared.LOCK),
      ...named('', shared.SIGNAL),
      PROC_SUPER_MAGIC: shared.FILE_SYSTEM.PROC,
      SYSFS_MAGIC: shared.FILE_SYSTEM.SYSFS,
      DEVPTS_SUPER_MAGIC: shared.FILE_SYSTEM.DEVPTS,
      TMPFS_MAGIC: shared.FILE_SYSTEM.TMPFS,
      OVERLAYFS_SUPER_MAGIC: shared.FILE_SYSTEM.OVERLAY,
      CGROUP_SUPER_MAGIC: shared.FILE_SYSTEM.CGROUP,
      CGROUP2_SUPER_MAGIC: shared.FILE_SYSTEM.CGROUP2,
      NSFS_MAGIC: shared.FILE_SYSTEM.NSFS,
      AT_FDCWD: shared.AT_FDCWD,
    },
  },
  '@ts-c/namespaces': {
    includes: ['poll.h', 'signal.h', 'sys/signalfd.h', 'sys/wait.h', 'linux/sched.h'],
    expressions: {
      ...Object.fromEntries(namespaces.map(({ key, flag }) => [`CLONE_${key}`, flag])),
      CLONE_PIDFD: calls.clonePidfd,
      ...struct('struct clone_args', calls.cloneArgs.size, calls.cloneArgs.offsets),
      ...struct('struct pollfd', shared.pollfd.size, {
        fd: shared.pollfd.fd,
        events: shared.pollfd.events,
        revents: shared.pollfd.revents,
      }),
      ...named('POLL', shared.POLL),
      P_ALL: calls.P.ALL,
      P_PID: calls.P.PID,
      P_PGID: calls.P.PGID,
      WEXITED: calls.WEXITED,
      ...struct('siginfo_t', calls.siginfo.size, {
        si_code: calls.siginfo.code,
        si_pid: calls.siginfo.pid,
        si_status: calls.siginfo.status,
      }),
      ...named('CLD_', calls.CLD),
      SIG_SETMASK: calls.SIG_SETMASK,
      ...struct('struct signalfd_siginfo', calls.signalfdInfo.size, {
        ssi_signo: calls.signalfdInfo.signal,
        ssi_code: calls.signalfdInfo.code,
      }),
    },
  },
  '@ts-c/mount': {
    includes: ['linux/mount.h'],
    expressions: {
      ...struct('struct mount_attr', mountAttr.size, mountAttr.offsets),
      ...named('MS_', MS),
      ...named('MOUNT_ATTR_', MOUNT_ATTR),
      MOUNT_ATTR__ATIME,
      ...named('FSCONFIG_', FSCONFIG),
      FSOPEN_CLOEXEC,
      FSMOUNT_CLOEXEC,
    },
  },
  '@ts-c/mount, of the C library': {
    includes: ['sys/mount.h'],
    expressions: {
      MNT_FORCE: MNT.FORCE,
      MNT_DETACH: MNT.DETACH,
      MNT_EXPIRE: MNT.EXPIRE,
      UMOUNT_NOFOLLOW: MNT.UMOUNT_NOFOLLOW,
    },
  },
  '@ts-c/cgroups, devices': {
    includes: ['linux/bpf.h'],
    expressions: {
      ...named('BPF_', devices.BPF),
      ...named('BPF_F_', devices.BPF_F),
      BPF_PROG_TYPE_CGROUP_DEVICE: devices.BPF_PROG_TYPE_CGROUP_DEVICE,
      BPF_CGROUP_DEVICE: devices.BPF_CGROUP_DEVICE,
      BPF_OBJ_NAME_LEN: devices.nameSize,
      ...offsetsIn('union bpf_attr', devices.loadAttr.offsets),
      ...offsetsIn('union bpf_attr', devices.attachAttr.offsets),
      ...offsetsIn('union bpf_attr', devices.queryAttr.offsets, 'query.'),
      ...offsetsIn('union bpf_attr', devices.idAttr.offsets),
      ...offsetsIn('union bpf_attr', devices.infoAttr.offsets, 'info.'),
      'offsetof(struct bpf_prog_info, type)': devices.programInfo.type,
      'offsetof(struct bpf_prog_info, id)': devices.programInfo.id,
      'offsetof(struct bpf_prog_info, name)': devices.programInfo.name,
      'offsetof(struct bpf_prog_info, ifindex)': devices.programInfo.size,
      ...struct('struct bpf_cgroup_dev_ctx', deviceContext.size, {
        access_type: deviceContext.access_type,
        major: deviceContext.major,
        minor: deviceContext.minor,
      }),
      ...named('BPF_DEVCG_ACC_', ACCESS),
      ...named('BPF_DEVCG_DEV_', DEVICE),
      'sizeof(struct bpf_insn)': 8,
      'BPF_LDX | BPF_MEM | BPF_W': CODE.load,
      'BPF_ALU | BPF_MOV | BPF_X': CODE.copy,
      'BPF_ALU | BPF_MOV | BPF_K': CODE.set,
      'BPF_ALU | BPF_AND | BPF_K': CODE.and,
      'BPF_ALU | BPF_RSH | BPF_K': CODE.shiftRight,
      'BPF_JMP | BPF_JEQ | BPF_K': CODE.ifEqual,
      'BPF_JMP | BPF_JNE | BPF_K': CODE.ifNotEqual,
      'BPF_JMP | BPF_JA': CODE.jump,
      'BPF_JMP | BPF_EXIT': CODE.exit,
    },
  },
  '@ts-c/capabilities': {
    includes: ['sys/resource.h', 'linux/capability.h', 'linux/prctl.h'],
    expressions: {
      ...CAP,
      ...named('PR_CAP_AMBIENT_', AMBIENT),
      ...named('RLIMIT_', RLIMIT),
      'sizeof(struct __user_cap_header_struct)': 8,
      '2 * sizeof(struct __user_cap_data_struct)': 24,
      _LINUX_CAPABILITY_VERSION_3: 0x2008_0522,
      'sizeof(struct rlimit)': 16,
    },
  },
  '@ts-c/terminal': {
    includes: ['fcntl.h', 'sys/ioctl.h', 'sys/socket.h', 'sys/uio.h'],
    expressions: {
      ...terminal.TIOC,
      ...struct('struct winsize', terminal.winsize.size, terminal.winsize.offsets),
      ...struct('struct iovec', sockets.iovec.size, sockets.iovec.offsets),
      ...struct('struct msghdr', sockets.msghdr.size, sockets.msghdr.offsets),
      'CMSG_SPACE(sizeof(int))': terminal.descriptorMessage.size,
      'CMSG_LEN(sizeof(int))': terminal.rightsHeader.cmsg_len,
      SOL_SOCKET: terminal.rightsHeader.cmsg_level,
      SCM_RIGHTS: terminal.rightsHeader.cmsg_type,
      ...named('MSG_', sockets.MSG),
      F_SETFL: terminal.F_SETFL,
      AF_UNIX: sockets.AF_UNIX,
      ...named('SOCK_', sockets.SOCK),
    },
  },
};

/** What C makes of expressions, in their order. */
function evaluate({ includes, expressions }: Group): readonly bigint[] {
  const directory = mkdtempSync(join(tmpdir(), 'ts-c-headers-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const source = join(directory, 'values.c');
  const program = join(directory, 'values');
  const lines = [
    '#define _GNU_SOURCE',
    ...['stddef.h', 'stdio.h', ...includes].map((name) => `#include <${name}>`),
    'int main(void) {',
    ...Object.keys(expressions).map((text) => `  printf("%lld\\n", (long long)(${text}));`),
    '}',
  ];
  writeFileSync(source, lines.join('\n'));
  expect(spawnSync('cc', ['-o', program, source], { encoding: 'utf8' }).stderr).toBe('');
  return spawnSync(program, { encoding: 'utf8' }).stdout.trim().split('\n').map(BigInt);
}

describe.each(Object.entries(groups))('structs and constants of %s', (_, group) => {
  it.skipIf(!hasCompiler)('are those of the C headers (needs cc)', () => {
    const values = evaluate(group);
    const names = Object.keys(group.expressions);
    const wanted = Object.values(group.expressions).map(BigInt);
    expect(names.map((name, index) => [name, values[index]])).toEqual(
      names.map((name, index) => [name, wanted[index]]),
    );
  });
});
