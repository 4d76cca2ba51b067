/** Something about a configuration, and where: `mount_config.mounts[0].destination`, or `''` for all of it. */
export interface Issue {
  readonly path: string;
  readonly message: string;
  /** What was probably meant. */
  readonly suggestion?: string;
}

/** An {@link Issue} that does not keep the configuration from being used. */
export type Warning = Issue;

/** A configuration that can't be used: `issues` says all that is wrong with it, `message` has a line for each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'ERR_CONFIG';
  /** The file that it is from. */
  readonly source: string;
  readonly issues: readonly Issue[];

  constructor(source: string, issues: readonly Issue[], options?: ErrorOptions) {
    super(issues.map((one) => formatIssue(source, one)).join('\n'), options);
    this.source = source;
    this.issues = issues;
  }
}

/** Writes an issue as one line: where, what, and what may have been meant. */
export function formatIssue(source: string, { path, message, suggestion }: Issue): string {
  const place = path === '' ? source : `${source}: ${path}`;
  const question = suggestion === undefined ? '' : `; did you mean ${JSON.stringify(suggestion)}?`;
  return `${place}: ${message}${question}`;
}

/** Collects what is found while a configuration is read. */
export class Issues {
  readonly errors: Issue[] = [];
  readonly warnings: Warning[] = [];
  readonly #strict: boolean;

  constructor(strict: boolean) {
    this.#strict = strict;
  }

  error(path: string, message: string, suggestion?: string): void {
    this.errors.push(issue(path, message, suggestion));
  }

  warn(path: string, message: string): void {
    this.warnings.push(issue(path, message));
  }

  /** For what libcontainer 1.1.0 took no notice of: a warning, or an error where strictness is asked for. */
  ignore(path: string, message: string, suggestion?: string): void {
    (this.#strict ? this.errors : this.warnings).push(issue(path, message, suggestion));
  }
}

function issue(path: string, message: string, suggestion?: string): Issue {
  return { path, message, ...(suggestion === undefined ? {} : { suggestion }) };
}
