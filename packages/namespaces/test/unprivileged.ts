import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ended, type Result } from './run.ts';

/** A user without any rights, and its group. */
export const nobody = { uid: 65534, gid: 65534 };

const index = fileURLToPath(new URL('../src/index.ts', import.meta.url));

/** Arguments of node for a script in which `run(command, args, options)` prints what came of it, as JSON. */
export function scriptOf(body: string): string[] {
  const script = `
    const { spawn } = await import(${JSON.stringify(index)});
    const run = (command, args, options) => new Promise((resolve) => {
      const child = spawn(command, args, options);
      const result = { stdout: '', stderr: '', errors: [] };
      child.stdout.on('data', (chunk) => (result.stdout += chunk));
      child.stderr.on('data', (chunk) => (result.stderr += chunk));
      child.on('error', ({ code, message, syscall }) => result.errors.push({ code, message, syscall }));
      child.on('close', (code, signal) => { console.log(JSON.stringify({ code, signal, ...result })); resolve(); });
    });
    ${body}`;
  return ['--no-warnings', '--conditions=@ts-c/source', '--input-type=module', '-e', script];
}

/** Runs a script as that user, and gives the results that it printed. */
export async function asNobody(body: string): Promise<Result> {
  const child = spawn(process.execPath, scriptOf(body), {
    ...nobody,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse((await ended(child)).stdout) as Result;
}

/** May that user read this checkout, and start the Node that runs the tests? */
export function mayRead(): boolean {
  const script = `import(${JSON.stringify(index)}).catch(() => process.exit(1))`;
  const flags = ['--no-warnings', '--conditions=@ts-c/source', '--input-type=module'];
  return (
    spawnSync(process.execPath, [...flags, '-e', script], { ...nobody, cwd: '/' }).status === 0
  );
}

/** May that user make user namespaces here? */
export function mayUnshare(): boolean {
  return mayRead() && spawnSync('unshare', ['--user', 'true'], nobody).status === 0;
}
