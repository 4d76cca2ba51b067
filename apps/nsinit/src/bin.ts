#!/usr/bin/env node
import * as module from 'node:module';
import process from 'node:process';

// Compiled once, not at each start; Node 20 does not have it.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();

const { outputOf } = await import('./cli/output.ts');

const stdout = outputOf(() => {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // Whoever read has seen enough: end as other programs do by SIGPIPE.
    if (error.code === 'EPIPE') process.exit(128 + 13);
    void fail(error);
  });
  return process.stdout;
}, process.env);
const stderr = outputOf(() => {
  process.stderr.on('error', () => process.exit(125));
  return process.stderr;
}, process.env);

/** Says what went wrong and ends, whatever else is going on. */
async function fail(error: unknown): Promise<never> {
  const { report } = await import('./cli/report.ts');
  process.exit(report(error, stderr));
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

try {
  const { main } = await import('./cli/main.ts');
  const environment = { stdout, stderr, variables: process.env, directory: process.cwd() };
  process.exit(await main(process.argv.slice(2), environment));
} catch (error) {
  await fail(error);
}
