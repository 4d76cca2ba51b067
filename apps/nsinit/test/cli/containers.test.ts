import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '../rootfs.ts';
import { nsinit, output, recorded } from './nsinit.ts';

const isRoot = process.getuid?.() === 0;

/** A place for records, whose containers end with the test. */
function makeRoot(): string {
  const root = temporaryDirectory('containers');
  onTestFinished(async () => {
    const ids = recorded(root);
    if (ids.length > 0) await nsinit(['delete', '--root', root, '--force', ...ids]);
  });
  return root;
}

const list = async (root: string): Promise<Record<string, unknown>[]> =>
  JSON.parse(await output(['list', '--root', root, '--json'])) as Record<string, unknown>[];

const start = (root: string, ...args: readonly string[]): Promise<string> =>
  output(['run', '--root', root, '-d', ...args]);

/** Waits for something that happens soon. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await condition()) return;
    await delay(25);
  }
  throw new Error('it did not happen');
}

describe('without containers', () => {
  it('there is nothing to list', async () => {
    const root = join(temporaryDirectory('none'), 'nothing');
    expect(await output(['list', '--root', root])).toBe('ID  PID  STATUS  CREATED  COMMAND\n');
    expect(await output(['list', '--root', root, '--quiet'])).toBe('');
    expect(await output(['list', '--root', root, '--json'])).toBe('[]\n');
    expect(() => readFileSync(root)).toThrow('ENOENT');
  });

  it.each([['state'], ['kill'], ['delete']])('there is nothing to %s', async (name) => {
    const root = temporaryDirectory('none');
    expect(await nsinit([name, '--root', root, 'tobi'])).toEqual({
      status: 125,
      stdout: '',
      stderr: `nsinit: there is no container tobi in ${root}\nhint: nsinit list shows those that there are; --root names another place to look\n`,
    });
    const odd = await nsinit([name, '--root', root, '../x']);
    expect(odd.status).toBe(125);
    expect(odd.stderr).toContain('nsinit: id: expected at most 128 letters');
  });

  it('deleting by force is fine', async () => {
    expect(await output(['delete', '--root', temporaryDirectory('none'), '--force', 'tobi'])).toBe(
      '',
    );
  });

  it('a record that is broken is warned of', async () => {
    const root = temporaryDirectory('broken');
    mkdirSync(join(root, 'bad'));
    writeFileSync(join(root, 'bad/container.json'), '{');
    const result = await nsinit(['list', '--root', root, '--quiet']);
    expect(result).toMatchObject({ status: 0, stdout: '' });
    expect(result.stderr).toContain(
      `nsinit: warning: cannot use ${join(root, 'bad/container.json')}: `,
    );
    await output(['delete', '--root', root, '--force', 'bad']);
    expect(recorded(root)).toEqual([]);
  });
});

describe.skipIf(!isRoot)('containers in the background (needs root)', () => {
  it('are listed, described, signalled and gone', async () => {
    const root = makeRoot();
    const id = (
      await start(root, 'sh', '-c', 'trap "exit 3" TERM; while :; do sleep 0.05; done')
    ).trim();
    expect(id).toMatch(/^[a-z]{4}-[a-z]{4}-[a-z]{4}$/);
    const [container, ...others] = await list(root);
    expect(others).toEqual([]);
    expect(container).toMatchObject({
      id,
      status: 'running',
      command: ['sh', '-c', expect.any(String)],
    });
    expect(await output(['list', '--root', root])).toMatch(
      new RegExp(
        `^ID +PID +STATUS +CREATED +COMMAND\n${id} +${Number(container?.['pid'])} +running +\\d+ seconds? ago +sh -c 'trap`,
      ),
    );
    const state = JSON.parse(await output(['state', '--root', root, id.slice(0, 3)])) as Record<
      string,
      unknown
    >;
    expect(state).toMatchObject({
      ociVersion: '1.2.0',
      id,
      status: 'running',
      pid: container?.['pid'],
      bundle: '/',
      annotations: {},
    });
    expect(state['config']).toMatchObject({ hostname: id });
    expect(readFileSync(`/proc/${Number(state['pid'])}/status`, 'utf8')).toMatch(
      /^NSpid:\t\d+\t1$/m,
    );

    const refused = await nsinit(['delete', '--root', root, id]);
    expect(refused.status).toBe(125);
    expect(refused.stderr).toContain(`nsinit: container ${id} is running`);
    expect(refused.stderr).toContain(`hint: nsinit delete --force ${id} ends it first`);

    await output(['kill', '--root', root, id, '0']);
    await output(['kill', '--root', root, id, 'SIGTERM']);
    await until(() => recorded(root).length === 0);
    expect((await nsinit(['kill', '--root', root, id])).status).toBe(125);
  });

  it('leave their record behind if it is to be kept', async () => {
    const root = makeRoot();
    expect(await start(root, '--id', 'kept', '--keep', 'sh', '-c', 'exit 9')).toBe('kept\n');
    await until(async () => (await list(root))[0]?.['status'] === 'stopped');
    expect((await list(root))[0]).toMatchObject({
      id: 'kept',
      status: 'stopped',
      pid: 0,
      exitCode: 9,
    });
    expect(await output(['list', '--root', root])).toContain('stopped (9)');
    const dead = await nsinit(['kill', '--root', root, 'kept']);
    expect(dead).toEqual({
      status: 125,
      stdout: '',
      stderr: 'nsinit: container kept has ended\nhint: nsinit delete kept removes its record\n',
    });
    const again = await nsinit(['run', '--root', root, '--id', 'kept', 'true']);
    expect(again.status).toBe(125);
    expect(again.stderr).toContain('EEXIST');
    expect(again.stderr).toContain('hint: is the id kept in use?');
    await output(['delete', '--root', root, 'ke']);
    expect(recorded(root)).toEqual([]);
  });

  it('are ended by force', async () => {
    const root = makeRoot();
    await start(root, '--id', 'one', 'sleep', '60');
    await start(root, '--id', 'other', '--keep', 'sleep', '60');
    const pids = (await list(root)).map(({ pid }) => Number(pid));
    const vague = await nsinit(['kill', '--root', root, 'o']);
    expect(vague.stderr).toBe(
      'nsinit: 2 containers have an id that begins with o: one, other\nhint: type more of it\n',
    );
    await output(['delete', '--root', root, '--force', 'one', 'other']);
    expect(recorded(root)).toEqual([]);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('that run in the foreground are listed too', async () => {
    const root = makeRoot();
    const running = nsinit(['run', '--root', root, '--id', 'front', 'sleep', '60']);
    await until(async () => (await list(root))[0]?.['status'] === 'running');
    await output(['kill', '--root', root, 'front', 'KILL']);
    expect(await running).toEqual({ status: 137, stdout: '', stderr: '' });
    expect(recorded(root)).toEqual([]);
  });

  it('that can’t be brought up leave nothing', async () => {
    const root = makeRoot();
    const missing = await nsinit(['run', '--root', root, '-d', 'nothing-like-it']);
    expect(missing).toMatchObject({ status: 127, stdout: '' });
    expect(missing.stderr).toContain('ENOENT');
    expect(recorded(root)).toEqual([]);
  });

  it('hold no terminal and have nobody to wait', async () => {
    const root = makeRoot();
    for (const option of ['--tty', '--timeout=1s']) {
      const { status, stderr } = await nsinit(['run', '--root', root, '-d', option, 'true']);
      expect(status).toBe(125);
      expect(stderr).toContain('nsinit: --detach and --');
    }
  });

  it('are not kept where others could write', async () => {
    const root = temporaryDirectory('open');
    mkdirSync(join(root, 'all'), { mode: 0o777 });
    chmodSync(join(root, 'all'), 0o777);
    const { status, stderr } = await nsinit(['run', '--root', join(root, 'all'), 'true']);
    expect(status).toBe(125);
    expect(stderr).toContain('others may write to it (mode 0777)');
    expect(stderr).toContain('hint: choose another directory with --root');
  });
});
