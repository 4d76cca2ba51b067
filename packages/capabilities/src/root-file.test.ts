import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { AT_FDCWD, fd, live, mode, path, syscall, uint } from '@ts-c/syscall';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../test/run.ts';
import { readFileInRoot } from './root-file.ts';

const mknodat = syscall('mknodat', [fd('dirfd'), path('pathname'), mode('mode'), uint('dev')]);

const passwd = '/etc/passwd';
let base: string;
let root: string;
let file: string;
let open: number;

beforeEach(() => {
  base = temporaryDirectory();
  root = `${base}/root`;
  file = `${root}${passwd}`;
  mkdirSync(`${root}/etc`, { recursive: true });
  mkdirSync(`${root}/dev`);
  writeFileSync(`${base}/secret`, 'of the host');
  open = readdirSync('/proc/self/fd').length;
});
afterEach(() => {
  const now = readdirSync('/proc/self/fd').length;
  if (now !== open) throw new Error(`${now} file descriptors are open, and ${open} were before`);
});

const refused = (code: string): Error => expect.objectContaining({ code, path: passwd }) as Error;

describe('readFileInRoot', () => {
  it('reads a file, by path and by file descriptor of the root', () => {
    writeFileSync(file, 'root:x:0:0::/root:\nmüller:x:1:1::/:\n');
    expect(readFileInRoot(root, passwd)).toBe('root:x:0:0::/root:\nmüller:x:1:1::/:\n');
    expect(readFileInRoot(root, 'etc/passwd')).toContain('müller');
    const directory = openSync(root, 'r');
    try {
      expect(readFileInRoot(directory, passwd)).toContain('müller');
    } finally {
      closeSync(directory);
    }
  });

  it('gives undefined where there is none', () => {
    expect(readFileInRoot(root, passwd)).toBeUndefined();
    expect(readFileInRoot(root, '/nowhere/passwd')).toBeUndefined();
    writeFileSync(`${root}/file`, '');
    expect(readFileInRoot(root, '/file/passwd')).toBeUndefined();
  });

  it('throws where there is no root', () => {
    expect(() => readFileInRoot(`${base}/nothing`, passwd)).toThrow(
      expect.objectContaining({ code: 'ENOENT', path: `${base}/nothing` }),
    );
    expect(() => readFileInRoot(`${base}/secret`, passwd)).toThrow(
      expect.objectContaining({ code: 'ENOTDIR' }),
    );
  });

  it('follows links, but never out of the root', () => {
    writeFileSync(`${root}/real`, 'inside');
    for (const target of ['/real', '../real', '../../../../real']) {
      rmSync(file, { force: true });
      symlinkSync(target, file);
      expect(readFileInRoot(root, passwd)).toBe('inside');
    }
    for (const target of [`${base}/secret`, '../../secret', '../../../secret']) {
      rmSync(file, { force: true });
      symlinkSync(target, file);
      expect(readFileInRoot(root, passwd)).toBeUndefined();
    }
  });

  it('follows no magic links', () => {
    expect(() => readFileInRoot('/', '/proc/self/root/etc/passwd')).toThrow(
      expect.objectContaining({ code: 'ELOOP' }),
    );
    symlinkSync('passwd', file);
    expect(() => readFileInRoot(root, passwd)).toThrow(refused('ELOOP'));
  });

  it('does not wait for a FIFO', () => {
    live.call(mknodat, AT_FDCWD, file, 0o010644, 0);
    expect(() => readFileInRoot(root, passwd)).toThrow(refused('ERR_NOT_A_FILE'));
  });

  it('opens no device', () => {
    live.call(mknodat, AT_FDCWD, `${root}/dev/zero`, 0o020666, 0x105);
    symlinkSync('/dev/zero', file);
    expect(() => readFileInRoot(root, passwd)).toThrow(refused('ERR_NOT_A_FILE'));
  });

  it('does not find the devices of the host', () => {
    symlinkSync('/dev/zero', file);
    expect(readFileInRoot(root, passwd)).toBeUndefined();
  });

  it('refuses a directory', () => {
    mkdirSync(file);
    expect(() => readFileInRoot(root, passwd)).toThrow(refused('ERR_NOT_A_FILE'));
  });

  it('refuses more than a megabyte, and takes as much', () => {
    writeFileSync(file, '\n'.repeat(2 ** 20));
    expect(readFileInRoot(root, passwd)).toHaveLength(2 ** 20);
    truncateSync(file, 10_000_000);
    expect(() => readFileInRoot(root, passwd)).toThrow(refused('ERR_FILE_TOO_LARGE'));
    writeFileSync(file, 'four');
    expect(readFileInRoot(root, passwd, { maxBytes: 4 })).toBe('four');
    expect(() => readFileInRoot(root, passwd, { maxBytes: 3 })).toThrow(
      refused('ERR_FILE_TOO_LARGE'),
    );
  });

  it('does not go by the size that a file claims to have', () => {
    expect(readFileInRoot('/', '/proc/version')).toMatch(/^Linux version/);
  });

  it('leaves NULs to who reads it', () => {
    writeFileSync(file, 'a\0b');
    expect(readFileInRoot(root, passwd)).toBe('a\0b');
  });

  it('refuses arguments that C would misread', () => {
    const invalid = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }) as Error;
    expect(() => readFileInRoot(root, '/etc\0/passwd')).toThrow(invalid);
    expect(() => readFileInRoot(`${root}\0`, passwd)).toThrow(invalid);
    expect(() => readFileInRoot(root, passwd, { maxBytes: 0 })).toThrow(invalid);
  });
});
