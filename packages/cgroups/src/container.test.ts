import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { removeGroup } from '../test/hierarchy.ts';
import { hasVersion, only, testName } from '../test/machine.ts';

const [unified] = only(2).hierarchies;
const controller = ['pids', 'hugetlb'].find((name) => unified?.controllers.includes(name));
const canUnshare = spawnSync('unshare', ['--cgroup', '--mount', 'true']).status === 0;
const index = fileURLToPath(new URL('index.ts', import.meta.url));

/** Creates a cgroup in a container: as root, with a cgroup namespace of its own, whose root has processes. */
async function createInside(first: string): Promise<unknown> {
  const root = unified?.mountPoint ?? '';
  writeFileSync(`${root}/cgroup.subtree_control`, `+${controller}`);
  const directory = `${root}/${testName()}`;
  mkdirSync(directory);
  onTestFinished(() => removeGroup(directory));
  const limits = controller === 'pids' ? { pids: 5 } : { hugetlb: { '2MB': 0 } };
  const script = `
    const { Cgroup, readLayout } = await import(${JSON.stringify(index)});
    const { hierarchies } = readLayout();
    const layout = { mode: 'v2', hierarchies: hierarchies.filter(({ version }) => version === 2) };
    try {
      await using group = await Cgroup.create({ name: 'c', ...${JSON.stringify(limits)} }, layout);
      console.log(JSON.stringify({ paths: group.members.map(({ path }) => path) }));
    } catch ({ code, path, message }) { console.log(JSON.stringify({ code, path, message })); }`;
  const flags = ['--no-warnings', '--conditions=@ts-c/source', '--input-type=module', '-e'];
  const child = spawn(
    'sh',
    [
      '-c',
      `echo $$ > "$0"/cgroup.procs && exec unshare --cgroup --mount sh -c 'umount -l "$0" && mount -t cgroup2 none "$0" && ${first} && exec "$@"' "$@"`,
      directory,
      root,
      process.execPath,
      ...flags,
      script,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return JSON.parse(await text(child.stdout)) as unknown;
}

const can = hasVersion(2) && controller !== undefined && canUnshare;

it.skipIf(!can)(
  'root in a container is told to move its processes first (needs cgroup v2)',
  async () => {
    const path = unified?.mountPoint;
    expect(await createInside('true')).toMatchObject({
      code: 'ERR_CGROUP_BUSY',
      path,
      message: expect.stringContaining(`move them first: mkdir ${path}/init`) as string,
    });
  },
);

it.skipIf(!can)('and has cgroups of its own when it has done so (needs cgroup v2)', async () => {
  const move = 'mkdir "$0"/init && echo $$ > "$0"/init/cgroup.procs';
  expect(await createInside(move)).toEqual({ paths: [`${unified?.mountPoint}/c`] });
});
