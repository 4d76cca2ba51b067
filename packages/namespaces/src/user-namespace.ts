import {
  AT_FDCWD,
  close,
  exitGroup,
  Memory,
  openat,
  OPEN,
  pipe2,
  read,
  sendFailure,
  SIGNAL,
  write,
  type Program,
} from '@ts-c/syscall';
import {
  clone3,
  cloneArgs,
  P,
  setresgid,
  setresuid,
  siginfo,
  unshare,
  waitid,
  WEXITED,
} from './calls.ts';
import { namespaceOf } from './kinds.ts';
import { formatMappings, mapsContainerId, type Mappings } from './mappings.ts';
import { awaitMessage, reports } from './protocol.ts';
import { writeFile } from './write-file.ts';

const newUser = namespaceOf('user').flag;

/** Steps that move the process into a new user namespace, and have its id maps written. */
export function enterNewUserNamespace(program: Program, mappings: Mappings): void {
  if (mappings.writer === 'self') writeOwnMaps(program, mappings);
  else if (mappings.writer === 'helper') withHelper(program, mappings);
  else withOutsideHelp(program);
  // Whoever made the namespace has no id in it unless that is mapped; root inside is what the next steps need.
  if (mapsContainerId(mappings.gid, 0)) program.call(setresgid, 0, 0, 0);
  if (mapsContainerId(mappings.uid, 0)) program.call(setresuid, 0, 0, 0);
}

function writeOwnMaps(program: Program, { uid, gid }: Mappings): void {
  program.call(unshare, newUser);
  // Without CAP_SETGID outside, a group map is taken only once setgroups(2) is given up: user_namespaces(7).
  writeFile(program, AT_FDCWD, '/proc/self/setgroups', 'deny');
  writeFile(program, AT_FDCWD, '/proc/self/uid_map', formatMappings(uid));
  writeFile(program, AT_FDCWD, '/proc/self/gid_map', formatMappings(gid));
}

/** A child that stays outside writes the maps: only there may more than the own id be mapped. */
function withHelper(program: Program, { uid, gid }: Mappings): void {
  const pipe = new Memory(8);
  program.call(pipe2, pipe, OPEN.CLOEXEC);
  const [readEnd, writeEnd] = [program.load(pipe, 0, 4), program.load(pipe, 4, 4)];
  const self = program.call(
    openat,
    AT_FDCWD,
    '/proc/self',
    OPEN.PATH | OPEN.DIRECTORY | OPEN.CLOEXEC,
    0,
  );
  const helper = program.call(
    clone3,
    cloneArgs.make({ exit_signal: SIGNAL.SIGCHLD }),
    cloneArgs.size,
  );
  program.child(helper, () => {
    program.guard(
      () => {
        program.call(close, writeEnd);
        // A byte says that the namespace is there; its absence, that its maker is not.
        const count = program.call(read, readEnd, new Memory(1), 1);
        program.unless(count, { equals: 1 }, () => program.call(exitGroup, 1));
        writeFile(program, self, 'uid_map', formatMappings(uid));
        writeFile(program, self, 'gid_map', formatMappings(gid));
        program.call(exitGroup, 0);
      },
      () => {
        sendFailure(program, program.failure());
        program.try(exitGroup, 1);
      },
    );
  });
  program.call(unshare, newUser);
  program.call(write, writeEnd, Memory.text('go', '+'), 1);
  const status = new Memory(siginfo.size);
  program.call(waitid, P.PID, helper, status, WEXITED, null);
  program.expect(
    program.load(status, siginfo.status, 4),
    { equals: 0 },
    { code: 'ERR_ID_MAPS', message: 'the id maps of the user namespace could not be written' },
  );
  for (const descriptor of [readEnd, writeEnd, self]) program.call(close, descriptor);
}

/** The process that started the Program has the maps written, by newuidmap(1), and says so. */
function withOutsideHelp(program: Program): void {
  program.call(unshare, newUser);
  reports.unshared.send(program);
  awaitMessage(program);
}
