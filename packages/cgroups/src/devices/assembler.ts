/**
 * A small assembler for the kernel's own machine, of which only what a program about devices needs: numbers of 32 bits, jumps
 * forward. Documentation/bpf/standardization/instruction-set.rst.
 */

/** A register: 0 has the result, 1 points to what the program is asked. */
export type Register = 0 | 1 | 2 | 3 | 4 | 5;

/** A place in a program that is jumped to. It has to be placed behind all jumps to it. */
export interface Label {
  readonly name: string;
}

/** One instruction. Numbers have 32 bits. */
export type Instruction =
  | { readonly op: 'load'; readonly to: Register; readonly from: Register; readonly offset: number }
  | { readonly op: 'copy'; readonly to: Register; readonly from: Register }
  | { readonly op: 'set' | 'and' | 'shiftRight'; readonly to: Register; readonly value: number }
  | {
      readonly op: 'ifEqual' | 'ifNotEqual';
      readonly register: Register;
      readonly value: number;
      readonly target: Label;
    }
  | { readonly op: 'jump'; readonly target: Label }
  | { readonly op: 'exit' }
  | { readonly op: 'label'; readonly label: Label };

/** Operation codes: class, operation and where the operand is from. */
export const CODE = {
  /** `BPF_LDX | BPF_MEM | BPF_W` */
  load: 0x61,
  /** `BPF_ALU | BPF_MOV | BPF_X` */
  copy: 0xbc,
  /** `BPF_ALU | BPF_MOV | BPF_K` */
  set: 0xb4,
  /** `BPF_ALU | BPF_AND | BPF_K` */
  and: 0x54,
  /** `BPF_ALU | BPF_RSH | BPF_K` */
  shiftRight: 0x74,
  /** `BPF_JMP | BPF_JEQ | BPF_K` */
  ifEqual: 0x15,
  /** `BPF_JMP | BPF_JNE | BPF_K` */
  ifNotEqual: 0x55,
  /** `BPF_JMP | BPF_JA` */
  jump: 0x05,
  /** `BPF_JMP | BPF_EXIT` */
  exit: 0x95,
} as const;

/** Bytes of one instruction. */
export const instructionSize = 8;
/** How far a jump reaches. */
const farthest = 0x7fff;

/**
 * Turns instructions into what bpf(2) loads. A jump to what comes next anyway is left out.
 *
 * @throws {RangeError} where a jump is too far, or goes nowhere.
 */
export function assemble(program: readonly Instruction[]): Uint8Array {
  const code = program.filter((instruction, index) => !isPointless(program, index, instruction));
  const places = new Map<Label, number>();
  let count = 0;
  for (const instruction of code)
    if (instruction.op === 'label') places.set(instruction.label, count);
    else count += 1;
  const bytes = new Uint8Array(count * instructionSize);
  const view = new DataView(bytes.buffer);
  let index = 0;
  for (const instruction of code) {
    if (instruction.op === 'label') continue;
    encode(view, index, instruction, places);
    index += 1;
  }
  return bytes;
}

function isPointless(
  program: readonly Instruction[],
  index: number,
  instruction: Instruction,
): boolean {
  if (instruction.op !== 'jump') return false;
  for (const next of program.slice(index + 1)) {
    if (next.op !== 'label') return false;
    if (next.label === instruction.target) return true;
  }
  return false;
}

function encode(
  view: DataView,
  index: number,
  instruction: Exclude<Instruction, { op: 'label' }>,
  places: ReadonlyMap<Label, number>,
): void {
  const at = index * instructionSize;
  const put = (to: number, from: number, offset: number, value: number): void => {
    view.setUint8(at, CODE[instruction.op]);
    view.setUint8(at + 1, to | (from << 4));
    view.setInt16(at + 2, offset, true);
    view.setInt32(at + 4, value, true);
  };
  const distance = (target: Label): number => {
    const jump = (places.get(target) ?? -1) - index - 1;
    if (jump < 0 || jump > farthest)
      throw new RangeError(`no way to jump from instruction ${index} to '${target.name}'`);
    return jump;
  };
  switch (instruction.op) {
    case 'load':
      return put(instruction.to, instruction.from, instruction.offset, 0);
    case 'copy':
      return put(instruction.to, instruction.from, 0, 0);
    case 'set':
    case 'and':
    case 'shiftRight':
      return put(instruction.to, 0, 0, instruction.value);
    case 'ifEqual':
    case 'ifNotEqual':
      return put(instruction.register, 0, distance(instruction.target), instruction.value);
    case 'jump':
      return put(0, 0, distance(instruction.target), 0);
    case 'exit':
      return put(0, 0, 0, 0);
  }
}

/**
 * Writes a program for people, an instruction a line.
 *
 * @throws {RangeError} for an instruction that {@link assemble} doesn't make.
 */
export function disassemble(program: Uint8Array): string[] {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const count = program.byteLength / instructionSize;
  const width = String(Math.max(count - 1, 0)).length;
  return Array.from({ length: count }, (_, index) => {
    const at = index * instructionSize;
    const registers = view.getUint8(at + 1);
    const text = decode({
      code: view.getUint8(at),
      to: `r${registers & 0xf}`,
      from: `r${registers >> 4}`,
      offset: view.getInt16(at + 2, true),
      value: view.getInt32(at + 4, true),
      index,
    });
    return `${String(index).padStart(width)}: ${text}`;
  });
}

interface Parts {
  readonly code: number;
  readonly to: string;
  readonly from: string;
  readonly offset: number;
  readonly value: number;
  readonly index: number;
}

function decode({ code, to, from, offset, value, index }: Parts): string {
  const target = index + 1 + offset;
  switch (code) {
    case CODE.load:
      return `${to} = *(u32 *)(${from} + ${offset})`;
    case CODE.copy:
      return `${to} = ${from}`;
    case CODE.set:
      return `${to} = ${value}`;
    case CODE.and:
      return `${to} &= 0x${value.toString(16)}`;
    case CODE.shiftRight:
      return `${to} >>= ${value}`;
    case CODE.ifEqual:
      return `if ${to} == ${value} goto ${target}`;
    case CODE.ifNotEqual:
      return `if ${to} != ${value} goto ${target}`;
    case CODE.jump:
      return `goto ${target}`;
    case CODE.exit:
      return 'exit';
    default:
      throw new RangeError(`unknown instruction 0x${code.toString(16)} at ${index}`);
  }
}
