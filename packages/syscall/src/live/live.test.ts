import { existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn as spawnProcess } from 'node:child_process';
import process from 'node:process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AT_FDCWD, close, mkdirat, openat, OPEN, pidfdOpen, pipe2, read, write } from '../calls.ts';
import { Memory } from '../memory.ts';
import { fd, int, memory, uint, ulong } from '../parameter.ts';
import { Program } from '../program/program.ts';
import { defineStruct } from '../struct.ts';
import { syscall } from '../syscall.ts';
import { live, watch } from './live.ts';

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ts-c-live-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** The error of something that fails. */
function errorOf(body: () => void): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

describe('live', () => {
  it('keeps apart the errors of calls that Node’s own calls come in between', () => {
    const codes = Array.from({ length: 2000 }, (_, round) => {
      const error = errorOf(() =>
        round % 2 === 0
          ? live.call(close, 1_000_000)
          : live.call(openat, AT_FDCWD, '/no/such/place', 0, 0),
      );
      existsSync(round % 3 === 0 ? '/' : '/nowhere');
      return (error as { code: string }).code;
    });
    expect(new Set(codes.filter((_, round) => round % 2 === 0))).toEqual(new Set(['EBADF']));
    expect(new Set(codes.filter((_, round) => round % 2 === 1))).toEqual(new Set(['ENOENT']));
  });

  it.each([
    ['a NUL', () => live.call(mkdirat, AT_FDCWD, 'a\0b', 0)],
    ['a number beyond int', () => live.call(close, 2 ** 31)],
    ['a number beyond 64 bits', () => live.call(read, 0, new Memory(1), 2n ** 64n)],
    ['more than there is memory', () => live.call(read, 0, new Memory(1), 2)],
    ['a fraction', () => live.call(close, 1.5)],
    ['no number', () => live.call(close, Number.NaN)],
    ['a slot', () => live.call(close, new Program().variable('fd'))],
    ['a slot in memory', () => live.call(write, 1, withSlot(), 8)],
  ])('refuses %s before the kernel sees it', (_, body) => {
    expect(body).toThrow(TypeError);
  });

  it('names the paths of a refusal, those behind a descriptor too', () => {
    const directory = temporary();
    const root = openSync(directory, 'r');
    try {
      expect(errorOf(() => live.call(mkdirat, root, 'a/b', 0o700))).toMatchObject({
        code: 'ENOENT',
        errno: -2,
        syscall: 'mkdirat',
        path: join(directory, 'a/b'),
      });
    } finally {
      live.call(close, root);
    }
    // Whatever has that number now, it is not the directory.
    expect(errorOf(() => live.call(close, root))).not.toHaveProperty('path');
  });

  it('says what the call was for', () => {
    const error = errorOf(() =>
      live.section('@ts-c/outer', 'outside', () => {
        live.section('@ts-c/inner', 'inside', () => {});
        live.call(close, -1);
      }),
    );
    expect(error).toMatchObject({ owner: '@ts-c/outer', title: 'outside' });
    expect(errorOf(() => live.call(close, -1))).not.toHaveProperty('owner');
  });

  it('takes an expected error for an answer, and no other', () => {
    const done: string[] = [];
    live.attempt(
      ['EBADF'],
      () => {
        live.call(close, -1);
        done.push('never');
      },
      () => done.push('instead'),
    );
    expect(done).toEqual(['instead']);
    expect(() => live.attempt(['ENOENT'], () => live.call(close, -1))).toThrow(/^EBADF/);
    expect(() => live.attempt(['ENOSUCH'], () => {})).toThrow(RangeError);
    expect(() =>
      live.attempt(['EBADF'], () => {
        throw new TypeError('of the program itself');
      }),
    ).toThrow(TypeError);
  });

  it('cleans up in any case', () => {
    const done: string[] = [];
    expect(
      live.ensure(
        () => 7,
        () => done.push('after success'),
      ),
    ).toBe(7);
    expect(() =>
      live.ensure(
        () => live.call(close, -1),
        () => done.push('after failure'),
      ),
    ).toThrow(/^EBADF/);
    expect(done).toEqual(['after success', 'after failure']);
  });

  it('expects and refuses what it finds', () => {
    const problem = { code: 'ERR_WRONG', message: 'wrong' };
    live.expect(5, { equals: 1, mask: 1 }, problem);
    live.expect(-1, { equals: 2n ** 64n - 1n }, problem);
    live.refuse(5, { equals: 4 }, problem);
    expect(() => live.expect(5, { equals: 4 }, problem)).toThrow(expect.objectContaining(problem));
    expect(() => live.refuse(5, { equals: 5 }, problem)).toThrow(expect.objectContaining(problem));
  });
});

const iovec = defineStruct('iovec', { base: { type: 'pointer' }, len: { type: 'u64' } });
const msghdr = defineStruct('msghdr', {
  name: { type: 'pointer' },
  namelen: { type: 'u32' },
  iov: { type: 'pointer' },
  iovlen: { type: 'u64' },
  control: { type: 'pointer' },
  controllen: { type: 'u64' },
  flags: { type: 'i32' },
});
const socketpair = syscall('socketpair', [
  int('domain'),
  int('type'),
  int('protocol'),
  memory('sv', 8),
]);
const sendmsg = syscall('sendmsg', [fd('sockfd'), memory('msg', msghdr.size), uint('flags')], 'n');
const recvmsg = syscall('recvmsg', [fd('sockfd'), memory('msg', msghdr.size), uint('flags')], 'n');

describe('memory with pointers in it', () => {
  it('goes out and comes back: a file descriptor through sendmsg(2) and recvmsg(2)', () => {
    const ends = new Memory(8);
    live.call(socketpair, 1, 1, 0, ends);
    const [near = 0, far = 0] = [0, 4].map((offset) => live.load(ends, offset, 4));
    const message = (data: Memory, control: Memory): Memory =>
      msghdr.make({
        iov: iovec.make({ base: data, len: data.size }),
        iovlen: 1,
        control,
        controllen: control.size,
      });
    // struct cmsghdr: SCM_RIGHTS with one descriptor.
    const rights = new Memory(24).set('u64', 0, 20).set('i32', 8, 1).set('i32', 12, 1);
    rights.set('i32', 16, near);
    live.call(sendmsg, near, message(Memory.text('data', 'hi'), rights), 0);
    const [data, control] = [new Memory(8), new Memory(24)];
    const received = message(data, control);
    expect(live.call(recvmsg, far, received, 0)).toBe(3);
    expect(Buffer.from(data.bytes).toString()).toBe('hi\0\0\0\0\0\0');
    expect(received.get('u64', msghdr.offsets.controllen)).toBe(24n);
    const passed = Number(control.get('i32', 16));
    expect(passed).toBeGreaterThan(2);
    for (const each of [near, far, passed]) live.call(close, each);
  });

  it('of two arguments comes back from both', () => {
    // process_vm_readv(2) of this very process, from one buffer of C to another.
    const readv = syscall(
      'process_vm_readv',
      [int('pid'), memory('l'), ulong('ln'), memory('r'), ulong('rn'), ulong('flags')],
      'n',
    );
    const [from, to] = [Memory.text('from', 'copied'), new Memory(7)];
    const [local, remote] = [to, from].map((base) => iovec.make({ base, len: 7 }));
    expect(live.call(readv, process.pid, local!, 1, remote!, 1, 0)).toBe(7);
    expect(Buffer.from(to.bytes).toString()).toBe('copied\0');
  });

  it('that leads back to itself is laid out once', () => {
    const first = new Memory(16);
    first.pointer(0, first);
    const ends = new Memory(8);
    live.call(pipe2, ends, OPEN.CLOEXEC);
    const [reader = 0, writer = 0] = [0, 4].map((offset) => live.load(ends, offset, 4));
    expect(live.call(write, writer, first, 16)).toBe(16);
    const back = new Memory(16);
    live.call(read, reader, back, 16);
    expect(back.get('u64', 0)).not.toBe(0n);
    expect(first.get('u64', 0)).toBe(0n);
    for (const each of [reader, writer]) live.call(close, each);
  });
});

describe('watch', () => {
  it('tells the end of a process by its pidfd, on the event loop', async () => {
    const child = spawnProcess('/bin/cat', { stdio: ['pipe', 'ignore', 'inherit'] });
    const pidfd = Number(live.call(pidfdOpen, child.pid ?? 0, 0));
    let ended = false;
    const end = new Promise<readonly unknown[]>((resolve) => {
      const handle = watch(pidfd, { readable: true }, (status, events) => {
        ended = true;
        handle.close();
        resolve([status, events]);
      });
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ended).toBe(false);
    child.stdin.end();
    expect(await end).toMatchObject([0, { readable: true }]);
    live.call(close, pidfd);
  });

  it('calls back where what is put off is done', async () => {
    const ends = new Memory(8);
    live.call(pipe2, ends, OPEN.CLOEXEC);
    const writable = Number(ends.get('i32', 4));
    const order = await new Promise<readonly string[]>((resolve) => {
      const seen: string[] = [];
      const handle = watch(writable, { writable: true }, () => {
        handle.close();
        setImmediate(() => resolve([...seen, 'immediate']));
        process.nextTick(() => seen.push('tick'));
        void Promise.resolve().then(() => seen.push('promise'));
      });
    });
    expect(order).toEqual(['tick', 'promise', 'immediate']);
    for (const offset of [0, 4]) live.call(close, Number(ends.get('i32', offset)));
  });
});

function withSlot(): Memory {
  const inner = new Memory(8).set('u64', 0, new Program().variable('x'));
  return new Memory(8).pointer(0, inner);
}
