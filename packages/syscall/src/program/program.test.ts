import { describe, expect, it } from 'vitest';
import { AT_FDCWD, close, exitGroup, openat, OPEN, pipe2, read, write } from '../calls.ts';
import { SystemError } from '../error.ts';
import type { Answer, Kernel } from '../kernel.ts';
import { live } from '../live/live.ts';
import { Memory } from '../memory.ts';
import { spawn } from '../spawn.ts';
import { syscall } from '../syscall.ts';
import { int, memory, ulong } from '../parameter.ts';
import type { Value } from '../value.ts';
import { Program } from './program.ts';

/** A call that says something on standard output, as far as the Program gets there. */
function say(program: Program, text: string): void {
  program.call(write, 1, Memory.text('text', `${text} `), text.length + 1);
}

interface Run {
  readonly output: string;
  readonly code: number | null;
  readonly error: unknown;
}

/** Runs what `body` writes down, and then an exit. */
async function run(body: (program: Program) => void): Promise<Run> {
  const program = new Program();
  body(program);
  program.call(exitGroup, 0);
  const { process: child } = spawn(program, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  let error: unknown;
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.on('error', (reason) => (error = reason));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { output: output.trimEnd(), code, error };
}

const ok = (output: string): Run => ({ output, code: 0, error: undefined });
const fail = (program: Program, descriptor: Value = -1): Value => program.call(close, descriptor);

const wrong = { code: 'ERR_WRONG', message: 'wrong' };

/** An attempt inside another, where neither the inner nor, but for EBADF, the outer expects what comes. */
const nested = (outer: 'EBADF' | 'EPERM') =>
  run((program) =>
    program.attempt(
      [outer],
      () => {
        program.attempt(
          ['ENOENT'],
          () => fail(program),
          () => say(program, 'never'),
        );
        say(program, 'never');
      },
      () => say(program, 'outer'),
    ),
  );

/** Runs the steps in a section. */
const looking = (body: (program: Program) => void) =>
  run((program) => program.section('@ts-c/test', 'looking', () => body(program)));

const zero = (program: Program): Value => program.load(new Memory(8), 0, 8);

/** A guard with a refusal inside of it, or else behind it. */
const guarded = (inside: boolean) =>
  run((program) => {
    program.guard(
      () => {
        program.attempt(['EBADF'], () => fail(program));
        if (inside) fail(program);
      },
      () => {
        say(program, 'handed over');
        program.expect(program.failure().error, { equals: -9 }, wrong);
        program.try(exitGroup, 3);
      },
    );
    fail(program);
  });

const oops = (): never => {
  throw new Error('oops');
};

describe('an attempt, when it runs', () => {
  it('leaves out the rest of its body, and goes on', async () => {
    const result = await run((program) => {
      program.attempt(['EBADF'], () => {
        say(program, 'before');
        fail(program);
        say(program, 'never');
      });
      say(program, 'after');
    });
    expect(result).toEqual(ok('before after'));
  });

  it('does otherwise only if it was refused', async () => {
    const result = await run((program) => {
      for (const descriptor of [-1, 2])
        program.attempt(
          ['ENOENT', 'EBADF'],
          () => {
            program.call(close, descriptor);
            say(program, 'done');
          },
          () => say(program, 'otherwise'),
        );
    });
    expect(result).toEqual(ok('otherwise done'));
  });

  it('passes on what it does not expect: to the attempt around it, then to the end', async () => {
    expect(await nested('EBADF')).toEqual(ok('outer'));
    expect(await nested('EPERM')).toMatchObject({
      output: '',
      code: 125,
      error: { code: 'EBADF' },
    });
  });

  it('is over when its otherwise is done: a refusal there is a failure', async () => {
    const result = await run((program) =>
      program.attempt(
        ['EBADF'],
        () => fail(program),
        () => fail(program),
      ),
    );
    expect(result).toMatchObject({ code: 125, error: { code: 'EBADF', step: { number: 2 } } });
  });
});

/** A refusal that an attempt around the clean-up expects. */
const refusedInside = (kernel: Kernel, done: (what: string) => void): void =>
  kernel.attempt(
    ['EBADF'],
    () =>
      kernel.ensure(
        () => {
          done('body');
          kernel.call(close, -1);
        },
        () => done('clean-up'),
      ),
    () => done('otherwise'),
  );

describe('a clean-up', () => {
  it('is done on the way to an attempt that expects the refusal, as live does', async () => {
    const steps: string[] = [];
    refusedInside(live, (what) => steps.push(what));
    expect(steps).toEqual(['body', 'clean-up', 'otherwise']);
    expect(await run((program) => refusedInside(program, (what) => say(program, what)))).toEqual(
      ok(steps.join(' ')),
    );
  });

  it('is listed and counted once', () => {
    const program = new Program();
    refusedInside(program, () => program.try(close, 9));
    const steps = program.listing().map(({ step }) => step);
    expect(steps.filter((step) => step !== undefined)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(program.recording().steps).toBe(6);
  });
});

describe('conditions, loops and numbers', () => {
  it('take one way or the other', async () => {
    const result = await run((program) => {
      const number = program.variable('number');
      for (const value of [0, -1, 2n ** 63n]) {
        program.set(number, value);
        program.when(
          number,
          { equals: value },
          () => say(program, 'same'),
          () => say(program, 'never'),
        );
        program.when(
          number,
          { equals: 7 },
          () => say(program, 'never'),
          () => say(program, 'other'),
        );
        program.unless(number, { equals: value }, () => say(program, 'never'));
      }
      program.set(number, 0b1010);
      program.when(number, { equals: 0b1000, mask: 0b1100 }, () => say(program, 'mask'));
      program.when(number, { equals: 0b1000, mask: 0b1110 }, () => say(program, 'never'));
    });
    expect(result).toEqual(ok('same other same other same other mask'));
  });

  it('go round until left', async () => {
    const result = await run((program) => {
      const ends = new Memory(8);
      program.call(pipe2, ends, OPEN.CLOEXEC | OPEN.NONBLOCK);
      program.call(write, program.load(ends, 4, 4), Memory.text('text', '123'), 3);
      const buffer = new Memory(1);
      program.loop((leave, again) => {
        program.attempt(
          ['EAGAIN'],
          () => program.call(read, program.load(ends, 0, 4), buffer, 1),
          leave,
        );
        say(program, 'read');
        program.when(program.load(ends, 0, 4), { equals: -1 }, leave);
        again();
        say(program, 'never');
      });
      say(program, 'left');
    });
    expect(result).toEqual(ok('read read read left'));
  });

  it('pass through memory, 4 bytes or 8', async () => {
    const result = await run((program) => {
      const [from, to] = [new Memory(8).set('i64', 0, -2), new Memory(8)];
      program.store(to, 0, 4, program.load(from, 0, 4));
      program.expect(program.load(to, 0, 8), { equals: 0xffff_fffe }, wrong);
      program.expect(program.load(to, 0, 4), { equals: -2 }, wrong);
      program.store(to, 0, 8, program.load(from, 0, 8));
      program.expect(program.load(to, 0, 8), { equals: -2 }, wrong);
      program.refuse(program.load(to, 0, 8), { equals: 0xffff_fffe }, wrong);
      say(program, 'fine');
    });
    expect(result).toEqual(ok('fine'));
  });

  it('end the Program where they are not as expected', async () => {
    const problem = {
      code: 125,
      error: { code: 'ERR_WRONG', message: 'wrong', owner: '@ts-c/test' },
    };
    expect(
      await looking((program) => program.expect(zero(program), { equals: 1 }, wrong)),
    ).toMatchObject(problem);
    expect(
      await looking((program) => program.refuse(zero(program), { equals: 0 }, wrong)),
    ).toMatchObject(problem);
    // An attempt takes errors of the kernel only.
    const attempted = await looking((program) =>
      program.attempt(['EPERM'], () => program.expect(zero(program), { equals: 1 }, wrong)),
    );
    expect(attempted).toMatchObject(problem);
  });
});

const answer = { syscall: 'netlink', call: 'RTM_NEWLINK' };
const number = (kernel: Kernel, error: number): Value =>
  kernel.load(new Memory(8).set('i32', 4, error), 4, 4);

/** An answer that says more than its number. */
function refuse(kernel: Kernel, words: string): void {
  const from = new Memory(64).set('i32', 0, -22).write(4, Buffer.from(words));
  const explain: Answer['explain'] = (info, bytes) =>
    Object.assign(new SystemError(info), { words: bytes.toString('utf8', 4, 4 + words.length) });
  kernel.check(kernel.load(from, 0, 4), { ...answer, memory: from, explain });
}

describe('an answer in memory', () => {
  it('that is an error is a refusal, wherever it is checked', async () => {
    const result = await run((program) => {
      for (const error of [0, 1, -4097, 2 ** 31 - 1, -(2 ** 31)])
        program.check(number(program, error), answer);
      program.attempt(
        ['EEXIST'],
        () => program.check(number(program, -17), answer),
        () => say(program, 'there already'),
      );
      program.section('@ts-c/test', 'up', () => program.check(number(program, -19), answer));
    });
    expect(result).toMatchObject({
      output: 'there already',
      code: 125,
      error: {
        errno: -19,
        syscall: 'netlink',
        step: { number: 1, call: 'RTM_NEWLINK' },
      },
    });
    expect(String(result.error)).toMatch(/ENODEV: .*, netlink \(step 1 of 4, @ts-c\/test: up\)$/);
  });

  it('is explained by all that the kernel has said, also where others were expected before', async () => {
    const result = await run((program) => {
      program.attempt(['EINVAL'], () => refuse(program, 'that was expected'));
      refuse(program, 'mtu less than device minimum');
    });
    expect(result.error).toMatchObject({ code: 'EINVAL', words: 'mtu less than device minimum' });
    expect(() => refuse(live, 'so it is now')).toThrow(
      expect.objectContaining({ code: 'EINVAL', words: 'so it is now' }),
    );
    // What came earlier does not belong to a call that fails by itself.
    const later = await run((program) => {
      program.attempt(['EINVAL'], () => refuse(program, 'that was expected'));
      program.call(close, -1);
    });
    expect(later.error).toMatchObject({ code: 'EBADF', syscall: 'close' });
    expect(later.error).not.toHaveProperty('words');
  });

  it('is the same with live', () => {
    for (const error of [0, 1, -4097, 2 ** 31 - 1]) live.check(number(live, error), answer);
    const done: string[] = [];
    live.attempt(
      ['EEXIST'],
      () => live.check(number(live, -17), answer),
      () => done.push('there already'),
    );
    expect(done).toEqual(['there already']);
    expect(() => live.check(number(live, -19), answer)).toThrow(
      expect.objectContaining({ code: 'ENODEV', errno: -19, syscall: 'netlink' }),
    );
  });
});

describe('a guard', () => {
  it('hands its refusals to who ends the process, and leaves those behind it alone', async () => {
    expect(await guarded(true)).toEqual({ output: 'handed over', code: 3, error: undefined });
    expect(await guarded(false)).toMatchObject({ code: 125, error: { code: 'EBADF' } });
  });
});

describe('a child', () => {
  const clone = syscall(
    'clone',
    [ulong('flags'), ulong('stack'), ulong('a'), ulong('b'), ulong('c')],
    'pid',
  );
  const wait4 = syscall('wait4', [
    int('pid'),
    memory('status', 4),
    int('options'),
    memory('usage'),
  ]);

  it('goes its own way', async () => {
    const result = await run((program) => {
      const pid = program.call(clone, 17, 0, 0, 0, 0);
      program.child(pid, () => {
        say(program, 'child');
        program.call(exitGroup, 7);
      });
      const status = new Memory(4);
      program.call(wait4, pid, status, 0, null);
      program.expect(program.load(status, 0, 4), { equals: 7 << 8 }, wrong);
      say(program, 'parent');
    });
    expect(result).toEqual(ok('child parent'));
  });
});

describe('memory of a Program', () => {
  it('gets the numbers of its slots right before each call', async () => {
    const result = await run((program) => {
      const round = program.variable('round');
      const inner = new Memory(8).set('u64', 0, round);
      const ends = new Memory(8);
      program.call(pipe2, ends, OPEN.CLOEXEC);
      const back = new Memory(8);
      for (const value of [5, 6]) {
        program.set(round, value);
        program.call(write, program.load(ends, 4, 4), inner, 8);
        program.call(read, program.load(ends, 0, 4), back, 8);
        program.expect(program.load(back, 0, 8), { equals: value }, wrong);
      }
      say(program, 'fine');
    });
    expect(result).toEqual(ok('fine'));
  });

  it('may lead back to itself', async () => {
    const circle = new Memory(16);
    circle.pointer(8, circle);
    const result = await run((program) => {
      program.call(write, 2, circle, 0);
      say(program, 'fine');
    });
    expect(result).toEqual(ok('fine'));
  });
});

describe('a slot', () => {
  const refused = expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' });

  it('is refused by every other Program', () => {
    const [one, other] = [new Program(), new Program()];
    const slot = one.call(openat, AT_FDCWD, '/', OPEN.PATH, 0);
    const uses: readonly ((program: Program) => void)[] = [
      (program) => program.call(close, slot),
      (program) => program.call(write, 1, new Memory(8).set('u64', 0, slot), 8),
      (program) => program.when(slot, { equals: 0 }, () => {}),
      (program) => program.set(slot, 0),
      (program) => program.store(new Memory(8), 0, 8, slot),
      (program) => program.expect(slot, { equals: 0 }, wrong),
      (program) => program.child(slot, () => {}),
    ];
    for (const use of uses) {
      expect(() => use(other)).toThrow(refused);
      expect(() => use(one)).not.toThrow();
    }
  });

  it('is called by what it is, and knows its path', () => {
    const program = new Program();
    const slot = program.call(openat, AT_FDCWD, '/etc', OPEN.PATH, 0);
    expect(String(slot)).toBe('fd1');
    expect(slot).toMatchObject({ origin: '/etc' });
  });
});

describe('a step that throws while it is written down', () => {
  it('leaves the Program as it was around it', async () => {
    const result = await run((program) => {
      expect(() => program.attempt(['EBADF'], oops)).toThrow('oops');
      expect(() => program.section('@ts-c/test', 'oops', oops)).toThrow('oops');
      expect(() => program.guard(oops, oops)).toThrow('oops');
      say(program, 'still');
      fail(program);
    });
    expect(result).toMatchObject({ output: 'still', code: 125, error: { code: 'EBADF' } });
    expect(result.error).not.toHaveProperty('owner');
  });
});
