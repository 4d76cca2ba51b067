import { appendFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe } from '../config/index.ts';
import type { ContainerDescription } from '../description.ts';
import { directoryKeeper, type Keeper } from '../runtime/keeper.ts';
import type { Environment } from './command.ts';
import { messageOf, warn } from './report.ts';
import { dataPath, readConfig } from './read-config.ts';
import { UsageError } from './usage-error.ts';

/** The container of the current directory, and who keeps its `state.json`. */
export function execRequest(
  command: readonly string[],
  strict: boolean,
  environment: Environment,
  log: Log = new Log(environment),
): { readonly description: ContainerDescription; readonly keeper: Keeper } {
  const data = dataPath(environment);
  const config = readConfig(join(data, 'container.json'), strict, (text) => log.warn(text));
  const keeper = directoryKeeper(data, (pid) =>
    log.warn(`state.json is about process ${pid}, which has ended: it is replaced`),
  );
  return { description: describe(config, { rootfs: environment.directory, command }), keeper };
}

/** Where `nsinit exec` says what it has to say: standard error, or the file that the variable `log` names, as 1.1.0 did. */
export class Log {
  readonly #path: string | undefined;
  readonly #environment: Environment;

  constructor(environment: Environment) {
    const path = environment.variables['log'];
    this.#environment = environment;
    this.#path = path ? resolve(environment.directory, path) : undefined;
  }

  warn(text: string): void {
    if (this.#path === undefined) warn(text, this.#environment.stderr);
    else this.#append(`warning: ${text}`);
  }

  /** Writes down an error, which is told on standard error in any case. */
  error(error: unknown): void {
    this.#append(`failed to exec: ${messageOf(error)}`);
  }

  #append(text: string): void {
    if (this.#path === undefined) return;
    try {
      appendFileSync(
        this.#path,
        text
          .split('\n')
          .map((line) => `${timestamp(new Date())} ${line}\n`)
          .join(''),
        { mode: 0o644 },
      );
    } catch (error) {
      throw new UsageError(
        `log: ${(error as Error).message}`,
        'the variable log names the file to log to',
        { cause: error },
      );
    }
  }
}

/** The time as Go's log package writes it: `2014/06/26 15:04:05`, of this time zone. */
function timestamp(time: Date): string {
  const date = [time.getFullYear(), time.getMonth() + 1, time.getDate()].map(two).join('/');
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
