import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  AT,
  CLOSE_RANGE,
  FILE_SYSTEM,
  LOCK,
  OPEN,
  openHow,
  PR,
  RESOLVE,
  SIGNAL,
  STATX,
  statfsSize,
  statxLayout,
  syscallNames,
  syscallNumber,
} from '@ts-c/syscall';

const headers = {
  x64: ['/usr/include/x86_64-linux-gnu/asm/unistd_64.h', '/usr/include/asm/unistd_64.h'],
  arm64: ['/usr/include/asm-generic/unistd.h'],
} as const;
const hasCompiler = process.arch === 'x64' && spawnSync('cc', ['--version']).status === 0;

/** Numbers in a header of the kernel. Those that differ between 32 and 64 bits are under other names. */
function numbersIn(file: string): Map<string, number> {
  const text = readFileSync(file, 'utf8');
  const found = [...text.matchAll(/#define __NR(?:3264)?_(\w+)\s+(\d+)/g)];
  return new Map(found.map(([, name = '', number]) => [name, Number(number)]));
}

describe.each(['x64', 'arm64'] as const)('system call numbers of %s', (arch) => {
  const file = headers[arch].find((path) => existsSync(path));

  it.skipIf(!file)('are those of the kernel’s header (needs linux-libc-dev)', () => {
    const numbers = numbersIn(file as string);
    // Calls that are younger than the header can't be compared.
    const known = syscallNames.filter((name) => numbers.has(name));
    expect(known.length).toBeGreaterThan(150);
    for (const name of known)
      expect([name, syscallNumber(name, arch)]).toEqual([name, numbers.get(name)]);
  });
});

/** Expressions of C, and what they should come to. */
const expressions: Readonly<Record<string, number>> = {
  'sizeof(struct open_how)': openHow.size,
  'offsetof(struct open_how, flags)': openHow.offsets.flags,
  'offsetof(struct open_how, mode)': openHow.offsets.mode,
  'offsetof(struct open_how, resolve)': openHow.offsets.resolve,
  'sizeof(struct statfs)': statfsSize,
  'offsetof(struct statfs, f_type)': 0,
  'sizeof(struct statx)': statxLayout.size,
  'offsetof(struct statx, stx_mode)': statxLayout.mode,
  'offsetof(struct statx, stx_rdev_major)': statxLayout.rdevMajor,
  'offsetof(struct statx, stx_rdev_minor)': statxLayout.rdevMinor,
  ...named('O_', OPEN),
  ...named('RESOLVE_', RESOLVE),
  ...named('AT_', AT),
  ...named('STATX_', STATX),
  ...named('CLOSE_RANGE_', CLOSE_RANGE),
  ...named('PR_', PR),
  ...named('LOCK_', LOCK),
  ...named('', SIGNAL),
  PROC_SUPER_MAGIC: FILE_SYSTEM.PROC,
  SYSFS_MAGIC: FILE_SYSTEM.SYSFS,
  DEVPTS_SUPER_MAGIC: FILE_SYSTEM.DEVPTS,
  TMPFS_MAGIC: FILE_SYSTEM.TMPFS,
  CGROUP_SUPER_MAGIC: FILE_SYSTEM.CGROUP,
  CGROUP2_SUPER_MAGIC: FILE_SYSTEM.CGROUP2,
};

function named(prefix: string, table: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [prefix + name, value]));
}

describe('structs and constants', () => {
  it.skipIf(!hasCompiler)('are those of the C headers (needs cc on x86-64)', () => {
    const directory = mkdtempSync(join(tmpdir(), 'ts-c-headers-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const source = join(directory, 'values.c');
    const program = join(directory, 'values');
    const includes = [
      'stddef.h',
      'stdio.h',
      'fcntl.h',
      'signal.h',
      'sys/file.h',
      'sys/stat.h',
      'sys/statfs.h',
      'sys/prctl.h',
    ];
    const kernel = ['linux/openat2.h', 'linux/close_range.h', 'linux/magic.h'];
    writeFileSync(
      source,
      [
        '#define _GNU_SOURCE',
        ...[...includes, ...kernel].map((name) => `#include <${name}>`),
        // The C library has 0 for what every 64-bit process has anyway.
        'int main(void) {',
        ...Object.keys(expressions).map((text) => `  printf("%lld\\n", (long long)(${text}));`),
        '}',
      ].join('\n'),
    );
    expect(spawnSync('cc', ['-o', program, source], { encoding: 'utf8' }).stderr).toBe('');
    const printed = spawnSync(program, { encoding: 'utf8' }).stdout.trim().split('\n').map(Number);
    expect(
      Object.fromEntries(Object.keys(expressions).map((text, index) => [text, printed[index]])),
    ).toEqual(expressions);
  });
});
