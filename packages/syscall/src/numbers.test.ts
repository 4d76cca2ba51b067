import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { syscallNames, syscallNumber } from './numbers.ts';

const headers = {
  x64: ['/usr/include/x86_64-linux-gnu/asm/unistd_64.h', '/usr/include/asm/unistd_64.h'],
  arm64: ['/usr/include/asm-generic/unistd.h'],
} as const;

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
