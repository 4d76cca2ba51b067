import { errnoNumber, Memory, Slot, type ErrnoCode, type Program } from '@ts-c/syscall';
import type { TracedCall } from './parse.ts';

type Node = ReturnType<Program['recording']>['nodes'][number];
type CallNode = Extract<Node, { kind: 'call' }>;

/** A place in a Program where a process may be, and the numbers that are known there. */
interface Place {
  readonly at: number;
  readonly known: ReadonlyMap<string, bigint>;
}

/** Where and how a real process left the way that its Program has written down. */
class Departure extends Error {}

/**
 * Walks through a Program with the calls that a process of it really made. Where a branch depends on what only the kernel knows, both
 * ways are followed. A forked child is walked through from behind the clone.
 *
 * @returns how many calls were checked, in all processes.
 * @throws {Departure} at the first call that the Program does not make at that place.
 */
export function follow(
  program: Program,
  traces: ReadonlyMap<number, readonly TracedCall[]>,
  first: number,
): number {
  const { nodes } = program.recording();
  const labels = new Map(
    nodes.flatMap((node, index) => (node.kind === 'label' ? [[node.label, index] as const] : [])),
  );
  let checked = 0;

  const walk = (pid: number, start: Place, calls: readonly TracedCall[]): void => {
    let places = settle([start]);
    for (const [index, traced] of calls.entries()) {
      const matching = places.filter(({ at }) => matches(nodes[at] as CallNode, traced));
      if (matching.length === 0) {
        const expected = [...new Set(places.map(({ at }) => describe(nodes[at] as CallNode)))].join(
          ' or ',
        );
        throw new Departure(
          `call ${index + 1} of process ${pid} is ${traced.name}(${traced.args}), the Program says ${expected}`,
        );
      }
      checked += 1;
      if (traced.name === 'clone3' && traced.result !== undefined && traced.result > 0n) {
        const child = Number(traced.result);
        const place = matching[0] as Place;
        walk(child, after(place, { ...traced, result: 0n }), traces.get(child) ?? []);
      }
      // What it executes is not part of the Program any more.
      if (traced.name === 'execve' && traced.error === undefined) return;
      places = settle(matching.map((place) => after(place, traced)));
    }
  };

  /** Follows everything that is no call, to the calls that may come next. */
  const settle = (from: readonly Place[]): Place[] => {
    const found: Place[] = [];
    const seen = new Set<string>();
    const pending = [...from];
    while (pending.length > 0) {
      const place = pending.pop() as Place;
      const key = `${place.at} ${[...place.known].map(([name, value]) => `${name}=${value}`).join(' ')}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const node = nodes[place.at];
      if (!node || node.kind === 'end') continue;
      if (node.kind === 'call') found.push(place);
      else pending.push(...onward(node, place));
    }
    return found;
  };

  const onward = (node: Node, { at, known }: Place): Place[] => {
    const next = { at: at + 1, known };
    if (node.kind === 'jump') return [{ at: labels.get(node.target) as number, known }];
    if (node.kind === 'problem')
      return [
        { at: labels.get(node.refused) as number, known: new Map(known).set('error', -4096n) },
      ];
    if (node.kind === 'copy' && node.to.kind === 'slot') {
      const value =
        node.from.kind === 'constant'
          ? BigInt(node.from.value)
          : node.from.kind === 'slot'
            ? known.get(node.from.slot.name)
            : undefined;
      const changed = new Map(known);
      if (value === undefined) changed.delete(node.to.slot.name);
      else changed.set(node.to.slot.name, value);
      return [{ at: at + 1, known: changed }];
    }
    if (node.kind !== 'branch') return [next];
    const taken = { at: labels.get(node.target) as number, known };
    const value = node.word.kind === 'slot' ? known.get(node.word.slot.name) : undefined;
    if (value === undefined) return [taken, next];
    const mask = BigInt(node.test.mask ?? -1);
    const equal =
      BigInt.asUintN(node.size * 8, value & mask) ===
      BigInt.asUintN(node.size * 8, BigInt(node.test.equals));
    return [equal ? taken : next];
  };

  const after = ({ at, known }: Place, traced: TracedCall): Place => {
    const node = nodes[at] as CallNode;
    const result =
      traced.error === undefined ? traced.result : BigInt(-errnoNumber(traced.error as ErrnoCode));
    const changed = new Map(known);
    if (node.result && result !== undefined) changed.set(node.result.name, result);
    if (traced.error !== undefined && node.refused) {
      return {
        at: labels.get(node.refused) as number,
        known: changed.set('error', result as bigint),
      };
    }
    return { at: at + 1, known: changed };
  };

  walk(first, { at: 0, known: new Map(variables(nodes)) }, (traces.get(first) ?? []).slice(1));
  return checked;
}

/** Variables are 0 until they are set; what a call or a load fills is unknown until then. */
function variables(nodes: readonly Node[]): [string, bigint][] {
  const filled = new Set(
    nodes.flatMap((node) => (node.kind === 'call' && node.result ? [node.result.name] : [])),
  );
  const set = nodes.flatMap((node) =>
    node.kind === 'copy' && node.to.kind === 'slot' && node.from.kind === 'constant'
      ? [node.to.slot.name]
      : [],
  );
  return set.filter((name) => !filled.has(name)).map((name) => [name, 0n]);
}

/** The same call, with the same strings and flags? Numbers that the kernel gives out are left aside. */
function matches(node: CallNode, traced: TracedCall): boolean {
  if (node.syscall.name !== traced.name) return false;
  return node.syscall.parameters.every((parameter, index) => {
    const value = node.args[index];
    if (typeof value === 'string') return traced.args.includes(JSON.stringify(value));
    if (value === null || value instanceof Slot || value instanceof Memory) return true;
    const names = parameter
      .format(value)
      .split('|')
      .filter((name) => /^[A-Z]+_/.test(name));
    return names.every((name) => traced.args.includes(name));
  });
}

function describe({ syscall, args }: CallNode): string {
  return `${syscall.name}(${syscall.parameters.map((parameter, index) => parameter.format(args[index])).join(', ')})`;
}
