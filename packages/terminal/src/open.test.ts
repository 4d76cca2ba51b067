import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import {
  exitGroup,
  flags,
  live,
  mknodat,
  path,
  Program,
  spawn,
  syscall,
  text,
  type Value,
} from '@ts-c/syscall';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isRoot, makedev, openDescriptors, ownDev, temporaryDirectory } from '../test/container.ts';
import { openTerminal } from './open.ts';
import { getSize } from './size.ts';

const S_IFCHR = 0o020000;
const MS_BIND = 0x1000;
const bind = syscall('mount', [
  path('source'),
  path('target', 'dest'),
  text('filesystemtype'),
  flags('mountflags', { MS_BIND }),
  text('data'),
]);

/** What a Program reports that opens a terminal in a devpts of its own. */
async function refusal(
  steps: (program: Program, dev: Value, devpts: Value) => void,
): Promise<NodeJS.ErrnoException | undefined> {
  const program = new Program();
  const { dev, devpts } = ownDev(program);
  steps(program, dev, devpts);
  program.call(exitGroup, 0);
  const { process: child } = spawn(program, { stdio: ['ignore', 'inherit', 'inherit'], cwd: '/' });
  let error: NodeJS.ErrnoException | undefined;
  child.on('error', (reported) => (error = reported));
  await new Promise((resolve) => {
    child.once('close', resolve);
  });
  return error;
}

/** The devpts of this machine. */
function ownDevpts(): number {
  const descriptor = openSync('/dev/pts', 'r');
  onTestFinished(() => closeSync(descriptor));
  return descriptor;
}

describe('openTerminal', () => {
  it('opens nothing in what is no devpts', () => {
    const directory = openSync(temporaryDirectory(), 'r');
    onTestFinished(() => closeSync(directory));
    expect(() => openTerminal(live, directory)).toThrow(
      expect.objectContaining({ code: 'ERR_WRONG_FILE_SYSTEM' }),
    );
  });

  it.each([
    { rows: -1, columns: 80 },
    { rows: 24, columns: 65_536 },
    { rows: 1.5, columns: 80 },
    { rows: '24' as unknown as number, columns: 80 },
  ])('refuses the size %j before it opens anything', (size) => {
    expect(() => openTerminal(new Program(), 5, { size })).toThrow(
      expect.objectContaining({
        name: 'RangeError',
        code: 'ERR_OUT_OF_RANGE',
        message: expect.stringMatching(/^size\.(rows|columns): expected/) as unknown,
      }),
    );
  });

  it('reads well in a listing', () => {
    const program = new Program();
    openTerminal(program, 5, { size: { rows: 24, columns: 80 }, owner: { uid: 1, gid: 5 } });
    const listing = String(program);
    expect(listing).toMatch(/openat2\(5, "ptmx", \{flags=O_RDWR\|O_NOCTTY\|O_CLOEXEC/);
    expect(listing).toMatch(/ioctl\(\S+, TIOCSPTLCK, \[0\]\)/);
    expect(listing).toMatch(/ioctl\(\S+, TIOCGPTPEER, O_RDWR\|O_NOCTTY\|O_CLOEXEC\)/);
    expect(listing).toMatch(/ioctl\(\S+, TIOCSWINSZ, \{ws_row=24, ws_col=80/);
    expect(listing).toMatch(/fchown\(\S+, 1, 5\)/);
  });
});

describe.skipIf(!isRoot)('openTerminal (needs root)', () => {
  it('gives two sides of one terminal, close-on-exec, of no size unless given', () => {
    const devpts = ownDevpts();
    for (const size of [undefined, { rows: 7, columns: 65_535 }]) {
      const pair = openTerminal(live, devpts, size && { size });
      const [master, slave] = [Number(pair.master), Number(pair.slave)];
      expect(readlinkSync(`/proc/self/fd/${slave}`)).toMatch(/^\/dev\/pts\/\d+$/);
      expect(getSize(slave)).toEqual(size ?? { rows: 0, columns: 0 });
      for (const end of [master, slave]) {
        const information = readFileSync(`/proc/self/fdinfo/${end}`, 'utf8');
        // O_RDWR, and O_CLOEXEC.
        expect(information).toMatch(/^flags:\t02\d{4}[0-7]2$/m);
        closeSync(end);
      }
    }
  });

  it('leaves nothing open where it fails', () => {
    const devpts = ownDevpts();
    const before = openDescriptors();
    for (const owner of [
      { uid: -1, gid: 0 },
      { uid: 0, gid: 2 ** 32 },
    ]) {
      expect(() => openTerminal(live, devpts, { owner })).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
      );
    }
    expect(openDescriptors()).toEqual(before);
  });

  it('opens no ptmx that something is mounted over', async () => {
    const error = await refusal((program, _dev, devpts) => {
      program.call(bind, '/dev/null', '/dev/pts/ptmx', null, MS_BIND, null);
      openTerminal(program, devpts);
    });
    expect(error).toMatchObject({ code: 'EXDEV', syscall: 'openat2', path: '/dev/pts/ptmx' });
  });

  it('opens no device that only looks like one of a devpts', async () => {
    const error = await refusal((program, dev) => {
      // A tmpfs with the very device.
      program.call(mknodat, dev, 'ptmx', S_IFCHR | 0o666, makedev(5, 2));
      openTerminal(program, dev);
    });
    expect(error).toMatchObject({ code: 'ERR_WRONG_FILE_SYSTEM' });
    expect(error?.message).toContain('what should be devpts is not');
  });
});
