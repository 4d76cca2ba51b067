import { describe, expect, it } from 'vitest';
import {
  chdir,
  close,
  execve,
  exitGroup,
  Memory,
  mkdirat,
  openat,
  OPEN,
  AT_FDCWD,
  pipe2,
  Program,
  read,
  type Slot,
} from '@ts-c/syscall';

describe('the listing of a Program', () => {
  it('reads like strace, with slots for numbers', () => {
    const program = new Program();
    program.section('@ts-c/test', 'a directory', () => {
      const fd = program.call(openat, AT_FDCWD, '/tmp', OPEN.DIRECTORY | OPEN.CLOEXEC, 0);
      program.attempt(['EEXIST'], () => program.call(mkdirat, fd, 'x', 0o755));
      program.attempt(
        ['ENOENT', 'ENOTDIR'],
        () => program.call(chdir, '/nowhere'),
        () => program.call(chdir, '/'),
      );
      program.call(close, fd);
    });
    program.call(
      execve,
      '/bin/echo',
      Memory.strings('argv', ['echo', 'a "b"']),
      Memory.strings('envp', []),
    );
    expect(program.toString()).toMatchInlineSnapshot(`
      "   # @ts-c/test: a directory
      1  fd1 = openat(AT_FDCWD, "/tmp", O_DIRECTORY|O_CLOEXEC, 00)
      2  mkdirat(fd1, "x", 0755)  # or EEXIST
         attempt {
      3    chdir("/nowhere")
         } on ENOENT, ENOTDIR {
      4    chdir("/")
         }
      5  close(fd1)
      6  execve("/bin/echo", ["echo", "a \\"b\\""], [])
         on failure {
      7    sendmsg(3, {failed}, MSG_NOSIGNAL)
      8    exit_group(125)
         }"
    `);
  });

  it('shows what is done on a condition, again, in a child, and on failure', () => {
    const program = new Program();
    const ends = new Memory(8);
    program.guard(
      () => {
        program.call(pipe2, ends, OPEN.CLOEXEC);
        const fd = program.load(ends, 0, 4);
        program.loop((leave) => {
          const count = program.call(read, fd, new Memory(4), 4);
          program.when(count, { equals: 0 }, leave);
          program.unless(count, { equals: 4 }, () => program.call(exitGroup, 1));
        });
        program.child(program.variable('pid'), () => program.call(exitGroup, 2));
      },
      () => program.try(exitGroup, 3),
    );
    program.expect(
      program.load(ends, 4, 4),
      { equals: 7, mask: 0xff },
      { code: 'ERR_SEVEN', message: 'no seven' },
    );
    expect(program.toString()).toMatchInlineSnapshot(`
      "1  pipe2([8 bytes], O_CLOEXEC)
         loop {
      2    n2 = read(n1, [4 bytes], 4)
           if n2 == 0 {
             leave
           }
           unless n2 == 4 {
      3      exit_group(1)
           }
         }
         child, where pid1 is 0 {
      4    exit_group(2)
         }
         on failure {
      5    exit_group(3)
         }
         expect (n3 & 0xff) == 7, else ERR_SEVEN: no seven
         on failure {
      6    sendmsg(3, {failed}, MSG_NOSIGNAL)
      7    exit_group(125)
         }"
    `);
  });

  it('numbers the calls, and tells them as data', () => {
    const program = new Program();
    program.section('@ts-c/test', 'there', () => program.call(chdir, '/there'));
    const [, line] = program.listing();
    expect(line).toMatchObject({
      step: 1,
      syscall: 'chdir',
      arguments: ['"/there"'],
      owner: '@ts-c/test',
      title: 'there',
    });
  });
});

describe('a Program', () => {
  it('is closed once it is compiled or listed', () => {
    const compiled = new Program();
    compiled.call(exitGroup, 0);
    compiled.compile('x64');
    expect(() => compiled.call(exitGroup, 1)).toThrow(/compiled already/);
    const listed = new Program();
    listed.toString();
    expect(() => listed.call(exitGroup, 1)).toThrow(/compiled already/);
  });

  it('takes memory as it is when it is recorded', () => {
    const memory = new Memory(8);
    new Program().call(read, 0, memory, 8);
    expect(() => memory.set('u64', 0, 1)).toThrow(TypeError);
  });

  it.each([
    ['a NUL in a path', () => new Program().call(chdir, 'a\0b')],
    ['a number beyond int', () => new Program().call(close, 2 ** 31)],
    ['a fraction', () => new Program().call(exitGroup, 1.5)],
    ['no number', () => new Program().call(exitGroup, Number.NaN)],
    ['too large for 64 bits', () => new Program().call(read, 0, new Memory(1), 2n ** 64n)],
    ['an object', () => new Program().call(close, {} as unknown as Slot)],
    ['a string with a NUL in a list', () => Memory.strings('argv', ['ok', 'n\0ot'])],
  ])('refuses %s before anything is made', (_, attempt) => {
    expect(attempt).toThrow(TypeError);
  });

  it('compiles to segments that are never writable and executable', () => {
    const program = new Program();
    program.call(exitGroup, 0);
    for (const arch of ['x64', 'arm64'] as const) {
      const { bytes } = program.compile(arch);
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      const headers = Array.from(
        { length: view.getUint16(56, true) },
        (_, index) => 64 + 56 * index,
      );
      expect(headers.map((at) => view.getUint32(at + 4, true) & 3)).not.toContain(3);
      // Loadable segments are congruent with their place in the file, for pages of 64 KiB too.
      for (const at of headers.filter((header) => view.getUint32(header, true) === 1)) {
        const [offset, address] = [
          view.getBigUint64(at + 8, true),
          view.getBigUint64(at + 16, true),
        ];
        expect((address - offset) % 0x10000n).toBe(0n);
      }
    }
  });
});
