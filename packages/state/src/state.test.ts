import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kill, start } from '../test/run.ts';
import { temporaryDirectory } from '../test/temporary.ts';
import { deleteState, getState, saveState, stateFileNames } from './state.ts';

describe('saveState', () => {
  it.each([
    [{ network_state: {} }, '{"network_state":{}}\n'],
    [
      { network_state: { ns_path: '/a<&>', veth_child: 'c', veth_host: 'h' }, init_pid: 12 },
      '{"init_pid":12,"network_state":{"veth_host":"h","veth_child":"c","ns_path":"/a\\u003c\\u0026\\u003e"}}\n',
    ],
    [
      { init_pid: 0, init_start_time: '4711', network_state: { veth_host: '' } },
      '{"init_start_time":"4711","network_state":{}}\n',
    ],
  ])('writes %j as 1.1.0 does', (state, text) => {
    const directory = temporaryDirectory();
    saveState(directory, state);
    expect(readFileSync(join(directory, 'state.json'), 'utf8')).toBe(text);
    expect(statSync(join(directory, 'state.json')).mode & 0o777).toBe(0o666 & ~process.umask());
    expect(readdirSync(directory)).toEqual(['state.json']);
  });

  it.each([
    [{ init_pid: -1, network_state: {} }, 'init_pid'],
    [{ init_pid: 1.5, network_state: {} }, 'init_pid'],
    [{ network_state: { veth_host: 'a\0b' } }, 'veth_host'],
  ])('refuses %j', (state, name) => {
    expect(() => saveState(temporaryDirectory(), state)).toThrow(name);
  });

  it('takes the place of what a crash has left', () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, '.state.json.tmp'), 'half a sta');
    saveState(directory, { init_pid: 3, network_state: {} });
    expect(getState(directory)).toEqual({ init_pid: 3, network_state: {} });
    expect(readdirSync(directory)).toEqual(['state.json']);
  });

  it('writes through no link that somebody has laid in its way', () => {
    const directory = temporaryDirectory();
    const victim = join(directory, 'victim');
    writeFileSync(victim, 'precious');
    linkSync(victim, join(directory, '.state.json.tmp'));
    saveState(directory, { network_state: {} });
    symlinkSync(victim, join(directory, '.state.json.tmp'));
    expect(() => saveState(directory, { network_state: {} })).toThrow(
      expect.objectContaining({ code: 'ELOOP' }),
    );
    expect(readFileSync(victim, 'utf8')).toBe('precious');
  });

  it('says so where the directory is missing', () => {
    const directory = join(temporaryDirectory(), 'none');
    expect(() => saveState(directory, { network_state: {} })).toThrow(
      expect.objectContaining({ code: 'ENOENT', path: join(directory, '.state.json.tmp') }),
    );
  });

  it('shows a reader whole files only, whenever its process is killed', async () => {
    const directory = temporaryDirectory();
    let reads = 0;
    for (let round = 0; round < 8; round += 1) {
      const writer = await start('write-states', directory);
      const end = performance.now() + 5 + 12 * round;
      while (performance.now() < end) {
        const state = getState(directory);
        const expected = ((state?.init_pid ?? 0) * 977) % 20_000;
        expect(state?.network_state.ns_path).toHaveLength(expected + 1);
        reads += 1;
      }
      await kill(writer);
      expect(getState(directory)?.init_pid).toBeGreaterThan(0);
      expect(stateFileNames).toEqual(expect.arrayContaining(readdirSync(directory)));
    }
    expect(reads).toBeGreaterThan(50);
  });
});

function reading(text: string): unknown {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'state.json'), text);
  return getState(directory);
}

describe('getState', () => {
  it('gives undefined where there is none', () => {
    expect(getState(temporaryDirectory())).toBeUndefined();
    expect(getState('/nowhere/at/all')).toBeUndefined();
    expect(reading('null\n')).toBeUndefined();
  });

  it.each([
    ['{}', { network_state: {} }],
    [
      '{"INIT_PID":7,"Network_State":{"VETH_HOST":"v"}}',
      { init_pid: 7, network_state: { veth_host: 'v' } },
    ],
    ['{"init_pid":7} {"init_pid":8} trash', { init_pid: 7, network_state: {} }],
    ['{"init_pid":7,"init_pid":8}', { init_pid: 8, network_state: {} }],
    ['{"init_pid":null,"init_start_time":"","network_state":null}', { network_state: {} }],
    ['{"other":18446744073709551616,"init_pid":7}', { init_pid: 7, network_state: {} }],
  ])('reads %s as 1.1.0 does', (text, state) => {
    expect(reading(text)).toEqual(state);
  });

  it.each([
    ['', 'expected a value, got the end in line 1, column 1'],
    ['{"init_pid":12,"network_st', 'expected the end of a string'],
    ['[]', 'its content is not an object'],
    ['{"init_pid":"12"}', 'init_pid is not a process id'],
    ['{"init_pid":1.0}', 'init_pid is not a process id'],
    ['{"init_pid":-1}', 'init_pid is not a process id'],
    ['{"init_pid":9223372036854775807}', 'init_pid is not a process id'],
    ['{"init_start_time":5}', 'init_start_time is not a string'],
    ['{"network_state":{"ns_path":"a\\u0000b"}}', 'network_state.ns_path has a NUL byte in it'],
    ['{"network_state":[]}', 'network_state is not an object'],
  ])('refuses %j', (text, problem) => {
    expect(() => reading(text)).toThrow(
      expect.objectContaining({
        code: 'ERR_STATE_CORRUPT',
        message: expect.stringContaining(`/state.json: ${problem}`),
        path: expect.stringMatching(/\/state\.json$/),
      }),
    );
  });

  it('refuses what is no file, without waiting for it', () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'state.json');
    const refusal = expect.objectContaining({ code: 'ERR_STATE_CORRUPT', path });
    symlinkSync('/etc/hostname', path);
    expect(() => getState(directory)).toThrow(refusal);
    deleteState(directory);
    execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
    expect(() => getState(directory)).toThrow(refusal);
    deleteState(directory);
    mkdirSync(path);
    expect(() => getState(directory)).toThrow(refusal);
  });
});

describe('deleteState', () => {
  it('removes every file of a state, and does not mind where there is none', () => {
    const directory = temporaryDirectory();
    for (const name of stateFileNames) writeFileSync(join(directory, name), '');
    deleteState(directory);
    deleteState(directory);
    expect(readdirSync(directory)).toEqual([]);
  });
});
