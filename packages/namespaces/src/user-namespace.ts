import {
  close,
  exitGroup,
  failedStatus,
  Memory,
  OPEN,
  pipe2,
  read,
  sendFailure,
  SIGNAL,
  write,
  type Program,
  type Value,
} from '@ts-c/syscall';
import { CLD, clone3, cloneArgs, P, siginfo, unshare, waitid, WEXITED } from './calls.ts';
import { fail } from './fail.ts';
import { namespaceOf } from './kinds.ts';
import { formatMappings, type Mappings } from './mappings.ts';
import { awaitMessage, reports } from './protocol.ts';
import { writeFile } from './write-file.ts';

const newUser = namespaceOf('user').flag;

/**
 * Steps that move the process into a new user namespace, and have its id maps written. It keeps its ids: what they are called
 * inside is up to the maps.
 *
 * @param self A descriptor of /proc/self.
 * @param quit Steps that end the process where the failure has been reported already, or where nobody is left to hear of it.
 */
export function enterNewUserNamespace(
  program: Program,
  mappings: Mappings,
  self: Value,
  quit: () => void,
): void {
  if (mappings.writer === 'self') writeOwnMaps(program, mappings, self);
  else if (mappings.writer === 'helper') withHelper(program, mappings, self, quit);
  else withOutsideHelp(program, quit);
}

function writeOwnMaps(program: Program, { uid, gid }: Mappings, self: Value): void {
  program.call(unshare, newUser);
  // Without CAP_SETGID outside, a group map is taken only once setgroups(2) is given up: user_namespaces(7).
  writeFile(program, self, 'setgroups', 'deny');
  writeFile(program, self, 'uid_map', formatMappings(uid));
  writeFile(program, self, 'gid_map', formatMappings(gid));
}

/** A child that stays outside writes the maps: only there may more than the own id be mapped. */
function withHelper(program: Program, { uid, gid }: Mappings, self: Value, quit: () => void): void {
  const pipe = new Memory(8);
  program.call(pipe2, pipe, OPEN.CLOEXEC);
  const [readEnd, writeEnd] = [program.load(pipe, 0, 4), program.load(pipe, 4, 4)];
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
        program.try(exitGroup, failedStatus);
      },
    );
  });
  program.call(unshare, newUser);
  program.call(write, writeEnd, Memory.text('go', '+'), 1);
  awaitHelper(program, helper, quit);
  for (const descriptor of [readEnd, writeEnd]) program.call(close, descriptor);
}

function awaitHelper(program: Program, helper: Value, quit: () => void): void {
  const info = new Memory(siginfo.size);
  program.call(waitid, P.PID, helper, info, WEXITED, null);
  const status = program.load(info, siginfo.status, 4);
  program.unless(status, { equals: 0 }, () => {
    // It has said itself what went wrong, unless a signal ended it.
    program.when(program.load(info, siginfo.code, 4), { equals: CLD.EXITED }, quit);
    fail(program, {
      code: 'ERR_ID_MAPS',
      message: 'the process that was to write the id maps of the user namespace has been killed',
    });
  });
}

/** The process that started the Program has the maps written, by newuidmap(1), and says so. */
function withOutsideHelp(program: Program, quit: () => void): void {
  program.call(unshare, newUser);
  reports.unshared.send(program);
  awaitMessage(program, quit);
}
