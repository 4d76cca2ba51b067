// Runs the tests that vitest.config.ts names in guests of vmrun.sh: pure cgroup v2, every controller, AppArmor.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { countsIn, nothing, sumOf } from '../counts.mjs';
import { build, environment, exitStatus, root, run } from '../setup.mjs';

/**
 * @typedef {import('../counts.mjs').Counts} Counts
 * @typedef {{ name: string, command: readonly string[] }} Run one run of Vitest
 */

const vmrun = join(root, 'tools/vm/vmrun.sh');
/** Seconds for one guest: about four times what it takes on two processors that have nothing else to do. */
const limit = 1200;

/**
 * Runs the tests in as many guests as there are processors, up to four; one of them starts systemd, too.
 * Nothing else may write to the files of this machine meanwhile.
 * @param {readonly string[]} [filters] parts of the paths of the tests that are wanted
 * @returns {Promise<Counts>}
 */
export async function testInGuests(filters = []) {
  const { code: missing } = await run(vmrun, ['--installed']);
  if (missing !== 0) {
    const arch = process.arch === 'x64' ? 'amd64' : process.arch;
    const remedy = `tools/vm/vmrun.sh --install linux-image-6.12-${arch}`;
    say(`↓ the tests on pure cgroup v2 (needs Linux and a guest: ${remedy})`);
    return { ...nothing, skipped: 1 };
  }
  try {
    await build();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return { ...nothing, failed: 1 };
  }
  // An emulated guest keeps one processor busy, however many it sees.
  const guests = filters.length > 0 ? 1 : Math.min(4, availableParallelism());
  const plans = Array.from({ length: guests }, (_, index) => [
    vitest('v2', [`--shard=${index + 1}/${guests}`, ...filters]),
  ]);
  plans.at(-1)?.push(vitest('systemd', filters));

  // One guest's lines come as it prints them, the next one's when it has ended.
  const began = performance.now();
  /** @type {Promise<unknown>} */
  let turn = Promise.resolve();
  const all = plans.map((runs) => {
    const before = turn;
    const ended = testInGuest(runs, before, filters.length > 0);
    turn = ended;
    return ended;
  });
  const counts = sumOf(await Promise.all(all));
  say(
    `${guests} ${guests === 1 ? 'guest' : 'guests'} took ${((performance.now() - began) / 1000).toFixed(0)} s`,
  );
  return filters.length > 0 && counts.passed + counts.failed + counts.skipped === 0
    ? (say(`no test in the guest has a path with ${filters.join(' or ')}`),
      { ...nothing, failed: 1 })
    : counts;
}

/**
 * @param {string} project of vitest.config.ts
 * @param {readonly string[]} args
 * @returns {Run}
 */
function vitest(project, args) {
  const command = ['vitest', 'run', '--config=tools/vm/vitest.config.ts', `--project=${project}`];
  // Where systemd is missing its tests are skipped by name.
  const starter = project === 'systemd' && hasSystemd() ? ['tools/vm/systemd.sh'] : [];
  return { name: project, command: [...starter, ...command, '--passWithNoTests', ...args] };
}

function hasSystemd() {
  return ['/lib/systemd/systemd', '/usr/bin/dbus-daemon'].every((file) => existsSync(file));
}

/**
 * Boots a guest, runs Vitest in it once for each project, and counts.
 * @param {readonly Run[]} runs
 * @param {Promise<unknown>} turn when this guest may print
 * @param {boolean} isFiltered whether slow tests are wanted, too
 * @returns {Promise<Counts>}
 */
async function testInGuest(runs, turn, isFiltered) {
  // Others enter: some tests give up their rights.
  const scratch = mkdtempSync(join(tmpdir(), 'ts-c-vm-'));
  chmodSync(scratch, 0o755);
  const results = join(scratch, 'results');
  const temporary = join(scratch, 'tmp');
  mkdirSync(results);
  const reports = runs.map(({ name }) => join(results, `${name}.json`));
  const script = [
    `[ -x node_modules/.bin/vitest ] || { echo "${root} can not be seen in the guest: test a checkout that lies elsewhere" >&2; exit 1; }`,
    ...runs.map(({ command }, index) => {
      const reporters = `--reporter=default --reporter=json --outputFile.json=${quote(reports[index] ?? '')}`;
      return `${command.map(quote).join(' ')} ${reporters} || failed=1`;
    }),
    'exit ${failed:-0}',
  ].join('\n');
  const settings = {
    TMPDIR: temporary,
    // What Node has stripped of its types it need not strip again: that takes most of a start.
    NODE_COMPILE_CACHE: join(temporary, 'compiled'),
    // The command line is tested as it is published: in the guest it starts in a quarter of the time.
    NSINIT_BIN: join(root, 'apps/nsinit/dist/bin.js'),
    ...(isFiltered ? { VM_SLOW: '1' } : {}),
    ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }),
  };
  const options = ['--timeout', String(limit), '--mem', '2G', '--disk', '256M'];
  options.push('--rw', results, '--tmpfs', temporary);
  const variables = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  try {
    const code = await printed([...options, '--', 'env', ...variables, 'sh', '-c', script], turn);
    // The guest's status is that of all of its runs together.
    const each = reports.map((file) => countsIn(file, existsSync(file) ? 0 : 1));
    const counts = sumOf(each);
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * Runs vmrun.sh; its lines appear as they come, but not before it is their turn.
 * @param {readonly string[]} args
 * @param {Promise<unknown>} turn
 * @returns {Promise<number>} its exit status
 */
async function printed(args, turn) {
  const child = spawn(vmrun, args, {
    cwd: root,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  /** @type {string[]} */
  const held = [];
  let isTurn = false;
  /** @param {string} line */
  const print = (line) => (isTurn ? say(line) : held.push(line));
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', print);
  }
  const ended = new Promise((resolve) => {
    child.on('error', () => resolve(127));
    child.on('close', (code, signal) => resolve(exitStatus(code, signal)));
  });
  await turn;
  isTurn = true;
  held.splice(0).forEach((line) => say(line));
  return ended;
}

/** @param {string} word */
function quote(word) {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** @param {string} line */
function say(line) {
  console.log(`[vm] ${line}`);
}
