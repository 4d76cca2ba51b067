#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import * as module from 'node:module';
import process from 'node:process';

// Compiled once, not at each start; Node 20 does not have it.
(module as { enableCompileCache?: () => unknown }).enableCompileCache?.();

const { outputOf } = await import('./cli/output.ts');

const stdout = outputOf(() => process.stdout.on('error', failToWrite), process.env);
const stderr = outputOf(() => process.stderr.on('error', () => process.exit(125)), process.env);
let isFailing = false;

/** Says what went wrong, and ends, whatever else is going on. */
async function fail(reason: unknown): Promise<void> {
  // One reason is enough; others may follow from it.
  if (isFailing) return;
  isFailing = true;
  const { report } = await import('./cli/report.ts');
  const status = report(reason, stderr);
  await Promise.allSettled([stdout.flush(), stderr.flush()]);
  process.exit(status);
}

async function failToWrite(error: NodeJS.ErrnoException): Promise<void> {
  // Whoever read has seen enough: end as other programs do by SIGPIPE.
  if (error.code === 'EPIPE') process.exit(128 + 13);
  await fail(error);
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

try {
  const { main } = await import('./cli/main.ts');
  const environment = { stdout, stderr, variables: process.env, directory: process.cwd() };
  const status = await main(process.argv.slice(2), environment, version);
  await Promise.all([stdout.flush().catch(failToWrite), stderr.flush()]);
  process.exit(isFailing ? 125 : status);
} catch (error) {
  await fail(error);
}
