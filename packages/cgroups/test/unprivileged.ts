import { spawn, spawnSync } from 'node:child_process';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** A user without any rights, and its group. */
export const nobody = { uid: 65_534, gid: 65_534 };

const index = fileURLToPath(new URL('../src/index.ts', import.meta.url));
const flags = ['--no-warnings', '--conditions=@ts-c/source', '--input-type=module', '-e'];

/**
 * Runs a script as that user, with all that this package exports in `cgroups`. Gives what it handed to `say`, as JSON, or what it
 * failed with.
 *
 * @param directory A cgroup that it is moved into first, by us.
 */
export async function asNobody(script: string, directory?: string): Promise<unknown> {
  const body = `
    const cgroups = await import(${JSON.stringify(index)});
    const say = (value) => console.log(JSON.stringify(value));
    const failure = ({ code, message, key, path }) => ({ code, message, key, path });
    try { ${script} } catch (error) { say({ failed: failure(error) }); }`;
  const command = [process.execPath, ...flags, body];
  const enter =
    'echo $$ > "$0"/cgroup.procs && exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"';
  const child =
    directory === undefined
      ? spawn(process.execPath, [...flags, body], {
          ...nobody,
          cwd: '/',
          stdio: ['ignore', 'pipe', 'inherit'],
        })
      : spawn('sh', ['-c', enter, directory, ...command], {
          cwd: '/',
          stdio: ['ignore', 'pipe', 'inherit'],
        });
  const output = await text(child.stdout);
  return JSON.parse(output) as unknown;
}

/** May that user read this checkout, and start the Node that runs the tests? */
export function mayRead(): boolean {
  const script = `import(${JSON.stringify(index)}).catch(() => process.exit(1))`;
  return spawnSync(process.execPath, [...flags, script], { ...nobody, cwd: '/' }).status === 0;
}
