import { readFileSync } from 'node:fs';
import * as module from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { entries, load } from '../../src/cli/commands.ts';
import { temporaryDirectory } from '../rootfs.ts';
import { nsinit, output } from './nsinit.ts';

const names = entries.map(({ name }) => name);

describe('help', () => {
  it('of all is as it was', async () => {
    const page = await output(['--help']);
    await expect(page).toMatchFileSnapshot('golden/help.txt');
    expect(await output(['help'])).toBe(page);
    expect(await output(['-h'])).toBe(page);
  });

  it.each(names)('of %s is as it was', async (name) => {
    const page = await output(['help', name]);
    await expect(page).toMatchFileSnapshot(`golden/${name}.txt`);
    expect(await output([name, '--help'])).toBe(page);
    expect(page.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });

  it('is what is said without a command, as a mistake', async () => {
    expect(await nsinit([])).toEqual({ status: 125, stdout: '', stderr: await output(['--help']) });
  });

  it.each(names)('of %s tells of options that differ', async (name) => {
    const entry = entries.find((one) => one.name === name)!;
    const { options, examples } = await load(entry);
    const letters = Object.values(options).flatMap(({ short }) => short ?? []);
    expect(new Set([...letters, 'h']).size).toBe(letters.length + 1);
    expect(examples.length).toBeGreaterThan(0);
  });

  it('has colours where they are asked for', async () => {
    const bold = '\u001B[1m';
    expect(await output(['help', 'run'], { env: { FORCE_COLOR: '1' } })).toContain(bold);
    expect(await output(['help', 'run'], { env: { NO_COLOR: '1' } })).not.toContain(bold);
  });
});

it('has the version of its package', async () => {
  const { version } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  expect(await output(['--version'])).toBe(`nsinit ${version}\n`);
  expect(await output(['-v'])).toBe(`nsinit ${version}\n`);
});

describe('mistakes', () => {
  it.each([
    [['rnu', 'ls'], 'nsinit: there is no command "rnu"\nhint: did you mean nsinit run?\n'],
    [['hepl'], 'nsinit: there is no command "hepl"\nhint: did you mean nsinit help?\n'],
    [['help', 'lits'], 'nsinit: there is no command "lits"\nhint: did you mean nsinit list?\n'],
    [['xyzzy'], 'nsinit: there is no command "xyzzy"\nhint: nsinit --help lists all commands\n'],
    [
      ['a\u001B[2Jb'],
      'nsinit: there is no command "a\\u001b[2Jb"\nhint: nsinit --help lists all commands\n',
    ],
    [['--vresion'], 'nsinit: there is no option --vresion\nhint: did you mean --version?\n'],
    [
      ['--rootfs', '/x', 'run'],
      'nsinit: there is no option --rootfs\nhint: options of a command follow its name: nsinit COMMAND [options]\n',
    ],
    [
      ['run', '--hostnmae', 'x', 'ls'],
      'nsinit: run: there is no option --hostnmae\nhint: did you mean --hostname?\n',
    ],
    [
      ['list', '-x'],
      'nsinit: list: there is no option -x\nhint: nsinit help list lists its options\n',
    ],
    [['list', 'x'], 'nsinit: list: there is no place for "x": nsinit list [options]\n'],
    [['state'], 'nsinit: state: something is missing: nsinit state [options] ID\n'],
    [
      ['kill', 'a', 'b', 'c'],
      'nsinit: kill: there is no place for "c": nsinit kill [options] ID [SIGNAL]\n',
    ],
  ])('%j', async (args, stderr) => {
    expect(await nsinit(args)).toEqual({ status: 125, stdout: '', stderr });
  });
});

describe('starting up', () => {
  const hasHooks = 'registerHooks' in module;
  const preload = `data:text/javascript,${encodeURIComponent(`
    import { registerHooks } from 'node:module';
    import { appendFileSync, readFileSync } from 'node:fs';
    const file = process.env.LOADED;
    registerHooks({ load(url, context, next) { appendFileSync(file, url + '\\n'); return next(url, context); } });
    process.on('exit', () => {
      if (readFileSync('/proc/self/maps', 'latin1').includes('koffi')) appendFileSync(file, 'koffi\\n');
    });
  `)}`;

  async function loaded(args: readonly string[]): Promise<string[]> {
    const file = join(temporaryDirectory('loaded'), 'list');
    await output(args, { node: ['--import', preload], env: { LOADED: file } });
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => /apps\/|packages\/|koffi/.test(line));
  }

  it.skipIf(!hasHooks)(
    'imports next to nothing for help and version (needs module.registerHooks)',
    async () => {
      expect((await loaded(['--version'])).length).toBeLessThanOrEqual(10);
      const help = await loaded(['help', 'run']);
      expect(help.filter((url) => url.includes('/packages/') || url.includes('/runtime/'))).toEqual(
        [],
      );
      expect(help.length).toBeLessThanOrEqual(20);
    },
  );

  it.skipIf(!hasHooks).each(['stats', 'events', 'ps', 'update', 'pause', 'unpause'])(
    'loads no packages for the help page of %s (needs module.registerHooks)',
    async (name) => {
      const urls = await loaded(['help', name]);
      expect(urls.filter((url) => /\/packages\/|\/runtime\/|grouped/.test(url))).toEqual([]);
    },
  );

  it.skipIf(!hasHooks)(
    'loads no native code to list containers (needs module.registerHooks)',
    async () => {
      const urls = await loaded(['list', '--root', join(temporaryDirectory('root'), 'none')]);
      expect(urls.filter((url) => url.includes('koffi') && !url.endsWith('live/koffi.ts'))).toEqual(
        [],
      );
      expect(
        urls.filter((url) =>
          /packages\/(mount|namespaces|capabilities|terminal|cgroups)\//.test(url),
        ),
      ).toEqual([]);
    },
  );
});
