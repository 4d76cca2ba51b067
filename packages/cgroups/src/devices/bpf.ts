import { CgroupError } from '../error.ts';
import {
  assemble,
  instructionSize,
  type Instruction,
  type Label,
  type Register,
} from './assembler.ts';
import { checkRules } from './rules.ts';
import type { DeviceRule } from './rule.ts';
import { deviceTable, everyAccess, shorten, type DeviceEntry } from './table.ts';

/** Where `struct bpf_cgroup_dev_ctx` has its fields. */
export const deviceContext = { size: 12, access_type: 0, major: 4, minor: 8 } as const;
/** The types of devices that it tells: the low half of `access_type`, `BPF_DEVCG_DEV_*`. */
export const DEVICE = { BLOCK: 1, CHAR: 2 } as const;
/** Under it is the type in `access_type`, above it is the access. */
const halfBits = 16;
/** `BPF_MAXINSNS`: so much every kernel takes. */
const mostInstructions = 4096;

const result: Register = 0;
const context: Register = 1;
const access: Register = 2;
const type: Register = 3;
const major: Register = 4;
const minor: Register = 5;

/**
 * The program that decides about devices for a cgroup of version 2, as bpf(2) loads it (`BPF_PROG_TYPE_CGROUP_DEVICE`).
 *
 * Of the rules about a device and a kind of access the last one counts, and what no rule allows is denied; a request for several
 * kinds at once, as of open(2) with `O_RDWR`, is allowed if each of them is.
 *
 * @throws {CgroupError} `ERR_INVALID_RESOURCES` for rules that can't be, and for so many that no program holds them.
 */
export function deviceProgram(rules: readonly DeviceRule[]): Uint8Array {
  checkRules(rules);
  const table = deviceTable(rules);
  const instructions = new DeviceCode().write(shorten(table.b), shorten(table.c));
  const count = instructions.filter(({ op }) => op !== 'label').length;
  if (count > mostInstructions)
    throw new CgroupError(
      'ERR_INVALID_RESOURCES',
      `devices: the rules make a program of ${count} instructions, more than ${mostInstructions}; use fewer rules`,
      { key: 'devices' },
    );
  return assemble(instructions);
}

/** How many instructions a program has. */
export function instructionCount(program: Uint8Array): number {
  return program.byteLength / instructionSize;
}

/** Writes the instructions of one program down. */
class DeviceCode {
  readonly #body: Instruction[] = [];
  /** What ends the program, by the access that is allowed there. */
  readonly #ends = new Map<number, Label>();

  write(blocks: readonly DeviceEntry[], characters: readonly DeviceEntry[]): Instruction[] {
    if (JSON.stringify(blocks) === JSON.stringify(characters)) {
      this.#lookUp(blocks);
    } else {
      const others: Label = { name: 'block devices' };
      this.#body.push({ op: 'ifNotEqual', register: type, value: DEVICE.CHAR, target: others });
      this.#lookUp(characters);
      this.#body.push({ op: 'label', label: others });
      this.#lookUp(blocks);
    }
    const ends = this.#writeEnds();
    return [...prologue([...this.#body, ...ends]), ...this.#body, ...ends];
  }

  /** The first entry that the device belongs to decides. */
  #lookUp(entries: readonly DeviceEntry[]): void {
    const byMajor = new Map<number, DeviceEntry[]>();
    for (const entry of entries)
      if (entry.major !== '*')
        byMajor.set(entry.major, [...(byMajor.get(entry.major) ?? []), entry]);
    for (const [number, group] of byMajor) this.#group(number, group);
    for (const entry of entries) if (entry.major === '*' && entry.minor !== '*') this.#minor(entry);
    const rest = entries.find((entry) => entry.major === '*' && entry.minor === '*');
    this.#body.push({ op: 'jump', target: this.#end(rest?.access ?? 0) });
  }

  /** The entries of one major number: single devices first, then the rest of them if there is an entry for it. */
  #group(number: number, group: readonly DeviceEntry[]): void {
    const [first] = group;
    if (first && group.length === 1 && first.minor === '*') {
      const target = this.#end(first.access);
      this.#body.push({ op: 'ifEqual', register: major, value: number, target });
      return;
    }
    const others: Label = { name: `major numbers but ${number}` };
    this.#body.push({ op: 'ifNotEqual', register: major, value: number, target: others });
    for (const entry of group) {
      if (entry.minor === '*') this.#body.push({ op: 'jump', target: this.#end(entry.access) });
      else this.#minor(entry);
    }
    this.#body.push({ op: 'label', label: others });
  }

  #minor(entry: DeviceEntry): void {
    const target = this.#end(entry.access);
    this.#body.push({ op: 'ifEqual', register: minor, value: Number(entry.minor), target });
  }

  #end(allowed: number): Label {
    const label = this.#ends.get(allowed) ?? { name: `access ${allowed}` };
    this.#ends.set(allowed, label);
    return label;
  }

  /** Where something but not all is allowed, what was asked for is compared; then it is yes or no. The kernel wants no dead code. */
  #writeEnds(): Instruction[] {
    const code: Instruction[] = [];
    const partial = [...this.#ends].filter(([bits]) => bits !== 0 && bits !== everyAccess);
    for (const [bits, label] of partial) {
      const more = everyAccess & ~bits;
      code.push(
        { op: 'label', label },
        { op: 'and', to: access, value: more },
        { op: 'ifNotEqual', register: access, value: 0, target: this.#end(0) },
        { op: 'jump', target: this.#end(everyAccess) },
      );
    }
    for (const [bits, answer] of [
      [everyAccess, 1],
      [0, 0],
    ] as const) {
      const label = this.#ends.get(bits);
      if (label)
        code.push({ op: 'label', label }, { op: 'set', to: result, value: answer }, { op: 'exit' });
    }
    return code;
  }
}

/** Reads of what the program is asked whatever it looks at. */
function prologue(code: readonly Instruction[]): Instruction[] {
  const looksAt = (register: Register): boolean =>
    code.some(
      (instruction) =>
        (instruction.op === 'and' && instruction.to === register) ||
        ('register' in instruction && instruction.register === register),
    );
  const load = (to: Register, offset: number): Instruction[] =>
    looksAt(to) || to === access ? [{ op: 'load', to, from: context, offset }] : [];
  const needsType = looksAt(type);
  const needsAccess = looksAt(access);
  return [
    ...(needsType || needsAccess ? load(access, deviceContext.access_type) : []),
    ...(needsType
      ? ([
          { op: 'copy', to: type, from: access },
          { op: 'and', to: type, value: 2 ** halfBits - 1 },
        ] as const)
      : []),
    ...(needsAccess ? ([{ op: 'shiftRight', to: access, value: halfBits }] as const) : []),
    ...load(major, deviceContext.major),
    ...load(minor, deviceContext.minor),
  ];
}
