import { existsSync, readFileSync, rmdirSync } from 'node:fs';
import { live, Program, spawn, SystemError } from '@ts-c/syscall';
import { describe, expect, it } from 'vitest';
import { hasVersion, only, testCgroup } from '../test/machine.ts';
import { makeTree } from '../test/tree.ts';
import { applySteps, stepOf } from './apply.ts';
import { explainFailure } from './failure.ts';
import { writeStep, type Step } from './step.ts';

/** What came of steps: the error that they ended in. */
type Run = (steps: readonly Step[]) => Promise<unknown>;

const runLive: Run = async (steps) => {
  try {
    applySteps(live, steps);
  } catch (error) {
    return error;
  }
  return undefined;
};

const runProgram: Run = async (steps) => {
  const program = new Program();
  applySteps(program, steps);
  const { process: child } = spawn(program, { stdio: 'ignore' });
  return new Promise((resolve) => {
    child.once('error', resolve);
    child.once('exit', () => resolve(undefined));
  });
};

const write = (path: string, file: string, value: string, more: object = {}): Step =>
  writeStep(path, { controller: 'test', file, value, key: file, ...more });

describe.each([
  ['live', runLive],
  ['in a Program', runProgram],
])('%s', (_, run) => {
  it('makes directories, and writes what is to be written, in order', async () => {
    const root = makeTree({});
    const steps: Step[] = [
      { kind: 'make', path: `${root}/a`, exclusive: false },
      { kind: 'make', path: `${root}/a/c`, exclusive: true, parent: `${root}/a` },
    ];
    expect(await run(steps)).toBeUndefined();
    expect(existsSync(`${root}/a/c`)).toBe(true);
    expect(await run(steps.slice(0, 1))).toBeUndefined();
  });

  it('makes the one above again, which has just gone with its last child', async () => {
    const root = makeTree({ 'a/': '' });
    rmdirSync(`${root}/a`);
    const step: Step = { kind: 'make', path: `${root}/a/c`, exclusive: true, parent: `${root}/a` };
    expect(await run([step])).toBeUndefined();
    expect(existsSync(`${root}/a/c`)).toBe(true);
  });

  it('takes the place of an empty one, and of none that is not', async () => {
    const root = makeTree({ 'a/': '', 'b/in/': '' });
    expect(
      await run([
        { kind: 'replace', path: `${root}/a` },
        { kind: 'replace', path: `${root}/nothing` },
      ]),
    ).toBeUndefined();
    expect(existsSync(`${root}/a`)).toBe(false);
    const steps: Step[] = [{ kind: 'replace', path: `${root}/b` }];
    const error = await run(steps);
    expect(stepOf(error, steps)).toBe(steps[0]);
    expect(explainFailure(error, steps)).toMatchObject({ code: 'ENOTEMPTY', path: `${root}/b` });
    expect(existsSync(`${root}/b/in`)).toBe(true);
  });

  it('writes each value by itself, into a file that is there', async () => {
    const root = makeTree({ one: '..........', two: '' });
    const steps = [
      write(root, 'one', 'abc'),
      write(root, 'one', 'def'),
      write(root, 'two', 'x'),
      write(root, 'none', 'x', { tolerate: ['ENOENT'] }),
    ];
    expect(await run(steps)).toBeUndefined();
    // At one offset after the other here; the kernel's own files take every write as an order of its own.
    expect(readFileSync(`${root}/one`, 'utf8')).toBe('abcdef....');
    expect(readFileSync(`${root}/two`, 'utf8')).toBe('x');
  });

  it('names the step that was refused, and what that was for', async () => {
    const root = makeTree({ one: '', 'three/': '' });
    const steps = [
      write(root, 'one', 'a'),
      write(root, 'two', 'b', { tolerate: ['EACCES'] }),
      write(root, 'four', 'c'),
    ];
    const error = await run(steps);
    expect(error).toBeInstanceOf(SystemError);
    expect(stepOf(error, steps)).toBe(steps[1]);
    expect(explainFailure(error, steps)).toMatchObject({
      name: 'CgroupError',
      code: 'ENOENT',
      key: 'two',
      value: 'b',
      path: `${root}/two`,
      cause: error,
      message: expect.stringMatching(
        /^two: "b" can’t be written to .*\/two: ENOENT: there is no such file/,
      ) as string,
    });
  });

  it('tells of one that is there already, and of one above that is gone', async () => {
    const root = makeTree({ 'a/': '' });
    const exists: Step[] = [{ kind: 'make', path: `${root}/a`, exclusive: true }];
    expect(explainFailure(await run(exists), exists)).toMatchObject({
      code: 'EEXIST',
      path: `${root}/a`,
      message: expect.stringContaining('there is one of that name already') as string,
    });
    const gone: Step[] = [{ kind: 'make', path: `${root}/b/c`, exclusive: true }];
    expect(explainFailure(await run(gone), gone)).toMatchObject({
      code: 'ENOENT',
      message: expect.stringContaining('somebody has removed it meanwhile') as string,
    });
  });

  it.skipIf(!hasVersion(1))('tells values of one file apart (needs cgroup v1)', async () => {
    const pids = only(1).hierarchies.filter(({ controllers }) => controllers.includes('pids'));
    const group = await testCgroup({}, { mode: 'v1', hierarchies: pids });
    const path = group.directory('pids') ?? '';
    const steps = ['5', 'nonsense', '7'].map((value) => write(path, 'pids.max', value));
    const error = await run(steps);
    expect(stepOf(error, steps)).toBe(steps[1]);
    expect(readFileSync(`${path}/pids.max`, 'utf8')).toBe('5\n');
    const tolerant = ['nonsense', '9'].map((value) =>
      write(path, 'pids.max', value, { tolerate: ['EINVAL'] }),
    );
    expect(await run(tolerant)).toBeUndefined();
    expect(readFileSync(`${path}/pids.max`, 'utf8')).toBe('9\n');
  });

  it.skipIf(!hasVersion(2))('tells where rules about devices fail (needs cgroup v2)', async () => {
    const directory = makeTree({});
    const steps: Step[] = [{ kind: 'devices', path: directory, rules: [] }];
    expect(explainFailure(await run(steps), steps)).toMatchObject({
      name: 'CgroupError',
      code: 'EBADF',
      key: 'devices',
      message: expect.stringContaining('no directory of a cgroup of version 2') as string,
    });
    const nowhere: Step[] = [{ kind: 'devices', path: `${directory}/no`, rules: [] }];
    expect(explainFailure(await run(nowhere), nowhere)).toMatchObject({
      code: 'ENOENT',
      key: 'devices',
      path: `${directory}/no`,
    });
  });
});

it('tells of each directory that is there', () => {
  const root = makeTree({ 'a/': '' });
  const made: string[] = [];
  const steps: Step[] = ['a', 'b', 'a'].map((name, index) => ({
    kind: 'make',
    path: `${root}/${name}`,
    exclusive: index > 0,
  }));
  expect(() => applySteps(live, steps, ({ path }) => made.push(path))).toThrow('EEXIST');
  expect(made).toEqual([`${root}/a`, `${root}/b`]);
});
