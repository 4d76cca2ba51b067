import { join } from 'node:path';
import {
  AT,
  AT_FDCWD,
  close,
  dup3,
  fd,
  FILE_SYSTEM,
  flags,
  fstatfs,
  int,
  long,
  Memory,
  memory,
  mkdirat,
  oneOf,
  OPEN,
  openat,
  openat2,
  openHow,
  path,
  pipe2,
  prctl,
  read,
  RESOLVE,
  statfsSize,
  STATX,
  statx,
  statxLayout,
  syscall,
  text,
  uint,
  ulong,
  unlinkat,
  write,
  type Kernel,
  type Value,
} from '@ts-c/syscall';

/** What an operation gives: numbers and memory that have to be the same wherever it is done. */
export interface Outcome {
  readonly values?: readonly Value[];
  readonly memories?: readonly Memory[];
}

/** A few calls, written once. */
export interface Operation {
  readonly name: string;
  readonly run: (kernel: Kernel, directory: string) => Outcome | void;
  /** Does the result hold on another machine and architecture as well? */
  readonly portable?: boolean;
}

const lseek = syscall('lseek', [fd('fd'), long('offset'), int('whence')], 'n');
const fcntl = syscall('fcntl', [fd('fd'), int('op'), ulong('arg')], 'n');
const readlinkat = syscall(
  'readlinkat',
  [fd('dirfd'), path('pathname'), memory('buf'), ulong('bufsiz')],
  'n',
);
const symlinkat = syscall('symlinkat', [text('target'), fd('newdirfd'), path('linkpath')]);
const renameat2 = syscall('renameat2', [
  fd('olddirfd'),
  path('oldpath'),
  fd('newdirfd'),
  path('newpath', 'dest'),
  uint('flags'),
]);
const linkat = syscall('linkat', [
  fd('olddirfd'),
  path('oldpath'),
  fd('newdirfd'),
  path('newpath', 'dest'),
  int('flags'),
]);
const fchmod = syscall('fchmod', [fd('fd'), uint('mode')]);
const ftruncate = syscall('ftruncate', [fd('fd'), long('length')]);
const pread64 = syscall('pread64', [fd('fd'), memory('buf'), ulong('count'), long('offset')], 'n');
const pwrite64 = syscall(
  'pwrite64',
  [fd('fd'), memory('buf'), ulong('count'), long('offset')],
  'n',
);
const eventfd2 = syscall(
  'eventfd2',
  [uint('initval'), flags('flags', { EFD_SEMAPHORE: 1, EFD_NONBLOCK: 0o4000 })],
  'fd',
);
const memfdCreate = syscall(
  'memfd_create',
  [text('name'), flags('flags', { MFD_CLOEXEC: 1 })],
  'fd',
);
const getresuid = syscall('getresuid', [memory('ruid'), memory('euid'), memory('suid')]);
const uname = syscall('uname', [memory('buf')]);
const getpgid = syscall('getpgid', [int('pid')], 'pid');
const kill = syscall('kill', [int('pid'), int('sig')]);
const mount = syscall('mount', [
  text('source'),
  path('target'),
  text('type'),
  ulong('flags'),
  text('data'),
]);
const faccessat2 = syscall('faccessat2', [
  fd('dirfd'),
  path('pathname'),
  int('mode'),
  int('flags'),
]);
const getdents64 = syscall('getdents64', [fd('fd'), memory('dirp'), ulong('count')], 'n');
const clockGettime = syscall('clock_gettime', [
  oneOf('clockid', { CLOCK_REALTIME: 0 }),
  memory('tp'),
]);
const writev = syscall('writev', [fd('fd'), memory('iov'), int('iovcnt')], 'n');
const ppoll = syscall(
  'ppoll',
  [memory('fds'), uint('nfds'), memory('tmo_p'), memory('sigmask'), ulong('sigsetsize')],
  'n',
);
const socketpair = syscall('socketpair', [
  int('domain'),
  int('type'),
  int('protocol'),
  memory('sv'),
]);
const getsockopt = syscall('getsockopt', [
  fd('sockfd'),
  int('level'),
  int('optname'),
  memory('optval'),
  memory('optlen'),
]);
const prlimit64 = syscall('prlimit64', [int('pid'), int('resource'), memory('new'), memory('old')]);
const fallback = syscall('fsync', [fd('fd')]);
const closeRange = syscall('close_range', [uint('first'), uint('last'), uint('flags')]);
const setns = syscall('setns', [fd('fd'), int('nstype')]);
const pidfdOpen = syscall('pidfd_open', [int('pid'), uint('flags')], 'fd');
const capget = syscall('capget', [memory('hdrp'), memory('datap')]);
const getrandom = syscall('getrandom', [memory('buf'), ulong('buflen'), uint('flags')], 'n');
const inotifyInit = syscall('inotify_init1', [int('flags')], 'fd');

const how = (open: number, resolve = 0, mode = 0): Memory =>
  openHow.make({ flags: open, resolve, mode });
const open = (kernel: Kernel, file: string, openFlags: number = OPEN.RDONLY): Value =>
  kernel.call(openat, AT_FDCWD, file, openFlags | OPEN.CLOEXEC, 0o600);
const bytes = (content: string): Memory => new Memory(new Uint8Array(Buffer.from(content)));

/** Opens, does something, closes. */
function using(kernel: Kernel, descriptor: Value, body: (descriptor: Value) => Outcome): Outcome {
  return kernel.ensure(
    () => body(descriptor),
    () => kernel.call(close, descriptor),
  );
}

/** At least forty operations, failures included. The directory holds `a` (text), `d`, `l -> a`, `loop -> loop`, `out -> /etc`. */
export const operations: readonly Operation[] = [
  {
    name: 'open and read',
    portable: true,
    run: (k, d) =>
      using(k, open(k, join(d, 'a')), (f) => {
        const b = new Memory(16);
        return { values: [k.call(read, f, b, 16)], memories: [b] };
      }),
  },
  {
    name: 'seek and read',
    portable: true,
    run: (k, d) =>
      using(k, open(k, join(d, 'a')), (f) => {
        const b = new Memory(4);
        const at = k.call(lseek, f, 3, 0);
        return { values: [at, k.call(read, f, b, 4)], memories: [b] };
      }),
  },
  {
    name: 'seek to before the start',
    portable: true,
    run: (k, d) => using(k, open(k, join(d, 'a')), (f) => ({ values: [k.call(lseek, f, -1, 0)] })),
  },
  {
    name: 'write through a pipe',
    portable: true,
    run: (k) => {
      const p = new Memory(8);
      k.call(pipe2, p, OPEN.CLOEXEC);
      const [r, w] = [k.load(p, 0, 4), k.load(p, 4, 4)];
      const b = new Memory(8);
      const n = k.call(write, w, bytes('through'), 7);
      const m = k.call(read, r, b, 8);
      k.call(close, r);
      k.call(close, w);
      return { values: [n, m], memories: [b] };
    },
  },
  {
    name: 'write where only reading is allowed',
    portable: true,
    run: (k, d) =>
      using(k, open(k, join(d, 'a')), (f) => ({ values: [k.call(write, f, bytes('x'), 1)] })),
  },
  {
    name: 'openat2 of a file',
    portable: true,
    run: (k, d) =>
      using(
        k,
        k.call(openat2, AT_FDCWD, join(d, 'a'), how(OPEN.RDONLY | OPEN.CLOEXEC), openHow.size),
        () => ({}),
      ),
  },
  {
    name: 'openat2 with a wrong size',
    portable: true,
    run: (k, d) => {
      k.call(openat2, AT_FDCWD, join(d, 'a'), how(OPEN.RDONLY), 1);
    },
  },
  {
    name: 'openat2 with an unknown flag',
    portable: true,
    run: (k, d) => {
      k.call(openat2, AT_FDCWD, join(d, 'a'), openHow.make({ flags: 1n << 40n }), openHow.size);
    },
  },
  {
    name: 'openat2 inside a root: a link out stays in',
    portable: true,
    run: (k, d) =>
      using(k, open(k, d, OPEN.DIRECTORY), (f) =>
        using(
          k,
          k.call(openat2, f, 'out', how(OPEN.PATH | OPEN.CLOEXEC, RESOLVE.IN_ROOT), openHow.size),
          () => ({}),
        ),
      ),
  },
  {
    name: 'openat2 beneath: a link out is refused',
    portable: true,
    run: (k, d) =>
      using(k, open(k, d, OPEN.DIRECTORY), (f) => {
        k.call(openat2, f, 'out', how(OPEN.PATH, RESOLVE.BENEATH), openHow.size);
        return {};
      }),
  },
  {
    name: 'openat2 without links',
    portable: true,
    run: (k, d) => {
      k.call(openat2, AT_FDCWD, join(d, 'l'), how(OPEN.RDONLY, RESOLVE.NO_SYMLINKS), openHow.size);
    },
  },
  {
    name: 'openat2 of dot-dot beneath',
    portable: true,
    run: (k, d) =>
      using(k, open(k, d, OPEN.DIRECTORY), (f) => {
        k.call(openat2, f, '..', how(OPEN.PATH, RESOLVE.BENEATH), openHow.size);
        return {};
      }),
  },
  {
    name: 'a link that leads to itself',
    portable: true,
    run: (k, d) => {
      open(k, join(d, 'loop'));
    },
  },
  {
    name: 'a file as a directory',
    portable: true,
    run: (k, d) => {
      open(k, join(d, 'a'), OPEN.DIRECTORY);
    },
  },
  {
    name: 'a path through a file',
    portable: true,
    run: (k, d) => {
      open(k, join(d, 'a/b'));
    },
  },
  {
    name: 'a link where none may be',
    portable: true,
    run: (k, d) => {
      open(k, join(d, 'l'), OPEN.NOFOLLOW);
    },
  },
  {
    name: 'a file that is not there',
    portable: true,
    run: (k, d) => {
      open(k, join(d, 'missing'));
    },
  },
  {
    name: 'a name that is too long',
    portable: true,
    run: (k, d) => {
      open(k, join(d, 'n'.repeat(300)));
    },
  },
  {
    name: 'create what exists',
    portable: true,
    run: (k, d) => {
      open(k, join(d, 'a'), OPEN.CREAT | OPEN.EXCL);
    },
  },
  {
    name: 'write to a directory',
    portable: true,
    run: (k, d) => {
      open(k, d, OPEN.WRONLY);
    },
  },
  {
    name: 'make and remove a directory',
    portable: true,
    run: (k, d) => {
      k.call(mkdirat, AT_FDCWD, join(d, 'new'), 0o755);
      k.call(unlinkat, AT_FDCWD, join(d, 'new'), AT.REMOVEDIR);
    },
  },
  {
    name: 'make a directory that exists, which is fine',
    portable: true,
    run: (k, d) => {
      k.attempt(['EEXIST'], () => k.call(mkdirat, AT_FDCWD, join(d, 'd'), 0o755));
    },
  },
  {
    name: 'make a directory that exists',
    portable: true,
    run: (k, d) => {
      k.call(mkdirat, AT_FDCWD, join(d, 'd'), 0o755);
    },
  },
  {
    name: 'otherwise',
    portable: true,
    run: (k, d) => {
      k.attempt(
        ['ENOENT'],
        () => k.call(unlinkat, AT_FDCWD, join(d, 'missing'), 0),
        () => k.call(mkdirat, AT_FDCWD, join(d, 'd'), 0o755),
      );
    },
  },
  {
    name: 'an attempt that expects something else',
    portable: true,
    run: (k, d) => {
      k.attempt(['EPERM'], () =>
        k.attempt(['EEXIST'], () => k.call(unlinkat, AT_FDCWD, join(d, 'missing'), 0)),
      );
    },
  },
  {
    name: 'remove a directory as a file',
    portable: true,
    run: (k, d) => {
      k.call(unlinkat, AT_FDCWD, join(d, 'd'), 0);
    },
  },
  {
    name: 'link, read it, remove it',
    portable: true,
    run: (k, d) => {
      const b = new Memory(16);
      k.call(symlinkat, 'target', AT_FDCWD, join(d, 'new'));
      const n = k.call(readlinkat, AT_FDCWD, join(d, 'new'), b, 16);
      k.call(unlinkat, AT_FDCWD, join(d, 'new'), 0);
      return { values: [n], memories: [b] };
    },
  },
  {
    name: 'read a link that is none',
    portable: true,
    run: (k, d) => {
      k.call(readlinkat, AT_FDCWD, join(d, 'a'), new Memory(16), 16);
    },
  },
  {
    name: 'rename and back',
    portable: true,
    run: (k, d) => {
      k.call(renameat2, AT_FDCWD, join(d, 'a'), AT_FDCWD, join(d, 'b'), 0);
      k.call(renameat2, AT_FDCWD, join(d, 'b'), AT_FDCWD, join(d, 'a'), 0);
    },
  },
  {
    name: 'rename over what may not be replaced',
    portable: true,
    run: (k, d) => {
      k.call(renameat2, AT_FDCWD, join(d, 'a'), AT_FDCWD, join(d, 'd'), 1);
    },
  },
  {
    name: 'a hard link to a directory',
    portable: true,
    run: (k, d) => {
      k.call(linkat, AT_FDCWD, join(d, 'd'), AT_FDCWD, join(d, 'e'), 0);
    },
  },
  {
    name: 'change the mode and look',
    portable: true,
    run: (k, d) =>
      using(k, open(k, join(d, 'a')), (f) => {
        k.call(fchmod, f, 0o640);
        const s = new Memory(statxLayout.size);
        k.call(statx, f, '', AT.EMPTY_PATH, STATX.TYPE | STATX.MODE, s);
        return { values: [k.load(s, statxLayout.mode, 4)] };
      }),
  },
  {
    name: 'truncate what is open for reading',
    portable: true,
    run: (k, d) =>
      using(k, open(k, join(d, 'a')), (f) => {
        k.call(ftruncate, f, 1);
        return {};
      }),
  },
  {
    name: 'a memfd, written and read at a place',
    portable: true,
    run: (k) =>
      using(k, k.call(memfdCreate, 'test', 1), (f) => {
        const b = new Memory(8);
        const n = k.call(pwrite64, f, bytes('memory'), 6, 2);
        return { values: [n, k.call(pread64, f, b, 8, 0)], memories: [b] };
      }),
  },
  {
    name: 'an eventfd',
    portable: true,
    run: (k) =>
      using(k, k.call(eventfd2, 41, 0), (f) => {
        const b = new Memory(8);
        k.call(write, f, new Memory(8).set('u64', 0, 1), 8);
        return { values: [k.call(read, f, b, 8)], memories: [b] };
      }),
  },
  {
    name: 'an eventfd with a wrong flag',
    portable: true,
    run: (k) => {
      k.call(eventfd2, 0, 1 << 20);
    },
  },
  {
    name: 'an eventfd read too short',
    portable: true,
    run: (k) =>
      using(k, k.call(eventfd2, 1, 0), (f) => ({ values: [k.call(read, f, new Memory(4), 4)] })),
  },
  {
    name: 'who we are',
    portable: true,
    run: (k) => {
      const ids = [new Memory(4), new Memory(4), new Memory(4)] as const;
      k.call(getresuid, ...ids);
      return { memories: ids };
    },
  },
  {
    name: 'the kernel’s name',
    run: (k) => {
      const b = new Memory(390);
      k.call(uname, b);
      return { memories: [b] };
    },
  },
  {
    name: 'a process that is not there',
    portable: true,
    run: (k) => {
      k.call(getpgid, 2 ** 22 + 1);
    },
  },
  {
    name: 'a signal that is none',
    portable: true,
    run: (k) => {
      k.call(kill, 1, 65);
    },
  },
  {
    name: 'mount an unknown file system',
    portable: true,
    run: (k, d) => {
      k.call(mount, 'none', join(d, 'd'), 'no-such-file-system', 0, null);
    },
  },
  {
    name: 'access with an unknown flag',
    portable: true,
    run: (k, d) => {
      k.call(faccessat2, AT_FDCWD, join(d, 'a'), 0, 1 << 28);
    },
  },
  {
    name: 'entries of a file',
    portable: true,
    run: (k, d) =>
      using(k, open(k, join(d, 'a')), (f) => ({
        values: [k.call(getdents64, f, new Memory(512), 512)],
      })),
  },
  {
    name: 'a clock that is none',
    portable: true,
    run: (k) => {
      k.call(clockGettime, 999, new Memory(16));
    },
  },
  {
    name: 'write from two places',
    portable: true,
    run: (k) => {
      const p = new Memory(8);
      k.call(pipe2, p, OPEN.CLOEXEC);
      const iov = new Memory(32)
        .pointer(0, bytes('ab'))
        .set('u64', 8, 2)
        .pointer(16, bytes('cde'))
        .set('u64', 24, 3);
      const b = new Memory(8);
      const n = k.call(writev, k.load(p, 4, 4), iov, 2);
      const m = k.call(read, k.load(p, 0, 4), b, 8);
      k.call(close, k.load(p, 0, 4));
      k.call(close, k.load(p, 4, 4));
      return { values: [n, m], memories: [b] };
    },
  },
  {
    name: 'poll a pipe with something in it',
    portable: true,
    run: (k) => {
      const p = new Memory(8);
      k.call(pipe2, p, OPEN.CLOEXEC);
      const [r, w] = [k.load(p, 0, 4), k.load(p, 4, 4)];
      k.call(write, w, bytes('x'), 1);
      const fds = new Memory(8).set('i32', 0, r).set('u16', 4, 1);
      const n = k.call(ppoll, fds, 1, new Memory(16), null, 8);
      const events = k.load(fds, 4, 4);
      k.call(close, r);
      k.call(close, w);
      return { values: [n, events] };
    },
  },
  {
    name: 'a socket pair and its type',
    portable: true,
    run: (k) => {
      const s = new Memory(8);
      k.call(socketpair, 1, 5 | 0o2000000, 0, s);
      const v = new Memory(4);
      k.call(getsockopt, k.load(s, 0, 4), 1, 3, v, new Memory(4).set('u32', 0, 4));
      k.call(close, k.load(s, 0, 4));
      k.call(close, k.load(s, 4, 4));
      return { memories: [v] };
    },
  },
  {
    name: 'a socket of no family',
    portable: true,
    run: (k) => {
      k.call(socketpair, 200, 1, 0, new Memory(8));
    },
  },
  {
    name: 'limits of a resource that is none',
    portable: true,
    run: (k) => {
      k.call(prlimit64, 0, 99, null, new Memory(16));
    },
  },
  {
    name: 'the close-on-exec flag',
    portable: true,
    run: (k, d) => using(k, open(k, join(d, 'a')), (f) => ({ values: [k.call(fcntl, f, 1, 0)] })),
  },
  {
    name: 'duplicate onto itself',
    portable: true,
    run: (k) => {
      k.call(dup3, 1, 1, 0);
    },
  },
  {
    name: 'close what is not open',
    portable: true,
    run: (k) => {
      k.call(close, 987);
    },
  },
  {
    name: 'flush what can’t be',
    portable: true,
    run: (k) => {
      const p = new Memory(8);
      k.call(pipe2, p, OPEN.CLOEXEC);
      return k.ensure(
        () => {
          k.call(fallback, k.load(p, 0, 4));
          return {};
        },
        () => {
          k.call(close, k.load(p, 0, 4));
          k.call(close, k.load(p, 4, 4));
        },
      );
    },
  },
  {
    name: 'close a range that runs backwards',
    portable: true,
    run: (k) => {
      k.call(closeRange, 9, 8, 0);
    },
  },
  {
    name: 'enter what is no namespace',
    portable: true,
    run: (k, d) =>
      using(k, open(k, join(d, 'a')), (f) => {
        k.call(setns, f, 0);
        return {};
      }),
  },
  {
    name: 'a pidfd of no process',
    portable: true,
    run: (k) => {
      k.call(pidfdOpen, -1, 0);
    },
  },
  {
    name: 'capabilities of an unknown version',
    portable: true,
    run: (k) => {
      const header = new Memory(8).set('u32', 0, 1234);
      k.call(capget, header, new Memory(24));
    },
  },
  {
    name: 'random bytes with a wrong flag',
    portable: true,
    run: (k) => {
      k.call(getrandom, new Memory(8), 8, 1 << 20);
    },
  },
  {
    name: 'inotify with a wrong flag',
    portable: true,
    run: (k) => {
      k.call(inotifyInit, 1);
    },
  },
  {
    name: 'prctl that is none',
    portable: true,
    run: (k) => {
      k.call(prctl, 9999, 0, 0, 0, 0);
    },
  },
  {
    name: 'the file system of /proc',
    portable: true,
    run: (k) =>
      using(k, open(k, '/proc', OPEN.DIRECTORY), (f) => {
        const b = new Memory(statfsSize);
        k.call(fstatfs, f, b);
        const type = k.load(b, 0, 8);
        k.expect(type, { equals: FILE_SYSTEM.PROC }, { code: 'ERR_TEST', message: 'no procfs' });
        return { values: [type] };
      }),
  },
  {
    name: 'an expectation that does not hold',
    portable: true,
    run: (k) =>
      using(k, open(k, '/proc', OPEN.DIRECTORY), (f) => {
        const b = new Memory(statfsSize);
        k.call(fstatfs, f, b);
        k.expect(k.load(b, 0, 8), { equals: 1 }, { code: 'ERR_TEST', message: 'as expected, not' });
        return {};
      }),
  },
  {
    name: 'a refusal that does not come',
    portable: true,
    run: (k) =>
      using(k, open(k, '/proc', OPEN.DIRECTORY), (f) => {
        const b = new Memory(statfsSize);
        k.call(fstatfs, f, b);
        k.refuse(k.load(b, 0, 8), { equals: 1 }, { code: 'ERR_TEST', message: 'never' });
        return {};
      }),
  },
  {
    name: 'a refusal that comes',
    portable: true,
    run: (k) =>
      using(k, open(k, '/proc', OPEN.DIRECTORY), (f) => {
        const b = new Memory(statfsSize);
        k.call(fstatfs, f, b);
        k.refuse(
          k.load(b, 0, 8),
          { equals: 0x9fa0 & 0xff00, mask: 0xff00 },
          { code: 'ERR_TEST', message: 'it is a procfs' },
        );
        return {};
      }),
  },
];
