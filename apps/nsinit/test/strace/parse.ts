/** One system call as strace(1) saw it. */
export interface TracedCall {
  readonly name: string;
  /** The arguments as strace writes them. */
  readonly args: string;
  /** What it returned: minus the error number where it failed; nothing where it did not return, as exit_group(2). */
  readonly result: bigint | undefined;
  readonly error: string | undefined;
}

/** Splits what `strace -f -o FILE` writes into the calls of each process. Interrupted lines are joined again. */
export function parseTrace(text: string): Map<number, TracedCall[]> {
  const processes = new Map<number, TracedCall[]>();
  const unfinished = new Map<number, string>();
  for (const line of text.split('\n')) {
    const match = /^(\d+)\s+(.*)$/.exec(line);
    if (!match) continue;
    const pid = Number(match[1]);
    let rest = match[2] ?? '';
    if (rest.startsWith('+++') || rest.startsWith('---')) continue;
    if (rest.endsWith('<unfinished ...>')) {
      unfinished.set(pid, rest.slice(0, -'<unfinished ...>'.length).trimEnd());
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    if (resumed) {
      rest = (unfinished.get(pid) ?? '') + (resumed[1] ?? '');
      unfinished.delete(pid);
    }
    const call = parseCall(rest);
    if (!call) continue;
    const calls = processes.get(pid) ?? [];
    calls.push(call);
    processes.set(pid, calls);
  }
  return processes;
}

function parseCall(text: string): TracedCall | undefined {
  const match = /^(\w+)\((.*)\)\s+= (\?|-?\w+)(?:\s+(E\w+))?.*$/s.exec(text);
  if (!match) return undefined;
  const [, name = '', args = '', result = '?', error] = match;
  return { name, args, error, result: result === '?' ? undefined : BigInt(result) };
}
