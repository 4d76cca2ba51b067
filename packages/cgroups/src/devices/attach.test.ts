import { closeSync, openSync } from 'node:fs';
import { defaultAllowedDevices } from '@ts-c/mount';
import {
  AT_FDCWD,
  close,
  errnoNumber,
  live,
  Memory,
  openat,
  OPEN,
  Program,
  setresuid,
  spawn,
  SystemError,
} from '@ts-c/syscall';
import { describe, expect, it, onTestFinished } from 'vitest';
import { entering, makeDeviceGroup, tryRules, unified } from '../../test/try-devices.ts';
import { assemble } from './assembler.ts';
import { attachDevices, replaceDevices } from './attach.ts';
import { attachedDevices } from './attached.ts';
import { programName, verifierLog } from './load.ts';
import { deviceProgram } from './bpf.ts';
import { explainBpf } from './refusal.ts';
import type { DeviceRule } from './rule.ts';
import { fromDevice, parseRule } from './rules.ts';

const rules = (...texts: string[]): DeviceRule[] => texts.map((text) => parseRule(text));
const lists: readonly (readonly [string, DeviceRule[]])[] = [
  ['the devices of a container', defaultAllowedDevices.map((device) => fromDevice(device))],
  ['nothing', []],
  ['everything', rules('a')],
  ['all but some', rules('a', 'deny c 1:5 w', 'deny b 240:*')],
  ['parts of access', rules('c 1:3 r', 'c 1:* m', 'c *:7 w')],
  ['a part denied again', rules('c 1:* rwm', 'deny c 1:3 w', 'deny b')],
];

/** A cgroup for the test, and its directory opened. */
function openGroup(): { readonly directory: string; readonly fd: number } {
  const directory = makeDeviceGroup(unified);
  const fd = openSync(directory, OPEN.DIRECTORY);
  onTestFinished(() => closeSync(fd));
  return { directory, fd };
}

describe('rules about devices on version 2', () => {
  it.skipIf(!unified).each(lists)(
    'let a process do what is listed and no more: %s, attached live (needs cgroup v2)',
    async (_, list) => {
      const { directory, fd } = openGroup();
      attachDevices(live, fd, list);
      expect(attachedDevices(fd)).toEqual([{ id: expect.any(Number), name: programName }]);
      const verdict = await tryRules(list, entering(directory));
      expect(verdict.answers).toEqual(verdict.expected);
    },
  );

  it.skipIf(!unified).each(lists)(
    'let a process do what is listed and no more: %s, attached by a Program (needs cgroup v2)',
    async (_, list) => {
      const { directory, fd } = openGroup();
      const { answers, expected } = await tryRules(list, (program) => {
        const group = program.call(openat, AT_FDCWD, directory, OPEN.DIRECTORY | OPEN.CLOEXEC, 0);
        attachDevices(program, group, list);
        program.call(close, group);
        entering(directory)(program);
      });
      expect(answers).toEqual(expected);
      expect(attachedDevices(fd)).toMatchObject([{ name: programName }]);
    },
  );

  it.skipIf(!unified)('are replaced in one step (needs cgroup v2)', async () => {
    const { directory, fd } = openGroup();
    replaceDevices(fd, rules('c 1:3 rwm'));
    const [before] = attachedDevices(fd);
    replaceDevices(fd, rules('c 1:5 r'));
    const [after, ...others] = attachedDevices(fd);
    expect(others).toEqual([]);
    expect(after?.name).toBe(programName);
    expect(after?.id).not.toBe(before?.id);
    const verdict = await tryRules(rules('c 1:5 r'), entering(directory));
    expect(verdict.answers).toEqual(verdict.expected);
  });

  it.skipIf(!unified)('are one program again after several (needs cgroup v2)', async () => {
    const { directory, fd } = openGroup();
    attachDevices(live, fd, rules('c 1:3 rw'));
    attachDevices(live, fd, rules('c 1:5 rw', 'c 1:3 r'));
    expect(attachedDevices(fd)).toHaveLength(2);
    const both = await tryRules(rules('c 1:3 r'), entering(directory));
    expect(both.answers).toEqual(both.expected);
    replaceDevices(fd, rules('c 1:7 w'));
    expect(attachedDevices(fd)).toHaveLength(1);
    const verdict = await tryRules(rules('c 1:7 w'), entering(directory));
    expect(verdict.answers).toEqual(verdict.expected);
  });

  it.skipIf(!unified)('leave no descriptor open (needs cgroup v2)', () => {
    const { fd } = openGroup();
    attachDevices(live, fd, rules('c 1:3'));
    const next = openSync('/dev/null', 'r');
    closeSync(next);
    for (let round = 0; round < 10; round += 1) replaceDevices(fd, rules(`c 1:${round}`));
    const later = openSync('/dev/null', 'r');
    closeSync(later);
    expect(later).toBe(next);
    expect(attachedDevices(fd)).toHaveLength(1);
  });
});

describe('refusals of bpf(2)', () => {
  it('say that a directory is no cgroup of version 2', () => {
    const fd = openSync('/tmp', OPEN.DIRECTORY);
    onTestFinished(() => closeSync(fd));
    const refused = {
      name: 'CgroupError',
      code: 'EBADF',
      errno: -9,
      syscall: 'bpf',
      key: 'devices',
      path: '/tmp',
      message: expect.stringContaining('no directory of a cgroup of version 2'),
    };
    expect(() => attachDevices(live, fd, [])).toThrow(expect.objectContaining(refused));
    expect(() => attachedDevices(fd)).toThrow(expect.objectContaining(refused));
  });

  it.each([
    ['EPERM', 'CAP_BPF'],
    ['ENOSYS', 'CONFIG_BPF_SYSCALL'],
    ['EINVAL', 'CONFIG_CGROUP_BPF'],
    ['EIO', 'bpf(2) failed'],
  ] as const)('with %s name the remedy', (code, words) => {
    const error = new SystemError({ errno: errnoNumber(code), syscall: 'bpf' });
    expect(explainBpf(error)).toMatchObject({
      code,
      cause: error,
      message: expect.stringContaining(words),
    });
  });

  it.skipIf(!unified)(
    'of a Program of an ordinary user can be explained too (needs cgroup v2)',
    async () => {
      const { directory } = openGroup();
      const nobody = 65_534;
      const program = new Program();
      const group = program.call(openat, AT_FDCWD, directory, OPEN.DIRECTORY | OPEN.CLOEXEC, 0);
      program.call(setresuid, nobody, nobody, nobody);
      attachDevices(program, group, []);
      const { process: child } = spawn(program, { stdio: 'ignore' });
      const error: unknown = await new Promise((resolve) => child.once('error', resolve));
      expect(error).toMatchObject({ code: 'EPERM', syscall: 'bpf', title: 'rules about devices' });
      expect(explainBpf(error, { path: directory })).toMatchObject({
        code: 'EPERM',
        errno: -1,
        path: directory,
        message: expect.stringContaining('CAP_BPF'),
      });
    },
  );

  it('have the words of the verifier, where it was the one', () => {
    const error = new SystemError({ errno: errnoNumber('EACCES'), syscall: 'bpf' });
    expect(explainBpf(error, { log: () => 'R3 !read_ok' })).toMatchObject({
      message: expect.stringContaining('\nR3 !read_ok'),
    });
  });

  it.skipIf(!unified)('ask the verifier, and show the program (needs cgroup v2)', () => {
    const log = verifierLog(new Memory(assemble([{ op: 'exit' }])));
    expect(log).toContain('R0 !read_ok');
    expect(log).toContain('\n0: exit');
    expect(verifierLog(new Memory(deviceProgram([])))).toBe('');
  });

  it('do not trouble the verifier about the rest', () => {
    const error = new SystemError({ errno: errnoNumber('EPERM'), syscall: 'bpf' });
    expect(explainBpf(error, { log: () => 'words', path: '/a' })).toMatchObject({
      path: '/a',
      message: expect.not.stringContaining('words'),
    });
  });

  it('leave other errors as they are', () => {
    const errors = [new Error('no'), new SystemError({ errno: 2, syscall: 'openat' }), undefined];
    expect(errors.map((error) => explainBpf(error))).toEqual(errors);
  });
});

describe('a Program that attaches rules', () => {
  it('can be read', () => {
    const program = new Program();
    attachDevices(program, 7, rules('c 1:3 rwm', 'deny c 1:3 w'));
    const listing = program.toString();
    expect(listing).toContain('BPF_PROG_LOAD');
    expect(listing).toContain('insns=[c 1:3 rwm, deny c 1:3 w]');
    expect(listing).toContain('attach_flags=BPF_F_ALLOW_MULTI');
    expect(listing).toContain('rules about devices');
  });

  it('is refused before anything is written down', () => {
    const program = new Program();
    expect(() => attachDevices(program, 7, [{ type: 'c', major: -1 }])).toThrow('devices[0].major');
    expect(program.toString()).not.toContain('bpf');
  });
});
