import type { Arch } from '../arch.ts';
import { Memory } from '../memory.ts';
import { syscallNumber } from '../numbers.ts';
import { Slot } from '../value.ts';
import { Data, errorSlot, failedSlot } from './data.ts';
import { writeElf } from './elf.ts';
import { interpreter } from './interpreter/bytes.ts';
import { layout, operation } from './layout.ts';
import type { CallNode, Label, ProblemNode, ProgramNode, Recording, Word } from './node.ts';

/** A compiled Program: a static executable, and what its records stand for. */
export interface Image {
  readonly arch: Arch;
  readonly bytes: Uint8Array;
  readonly recording: Recording;
  /** The call or the expectation at an address of the running Program, to explain a failure. */
  nodeAt(address: bigint): CallNode | ProblemNode | undefined;
}

/** The error number that stands for an expectation that did not hold. Errors of the kernel end at 4095. */
export const problemErrno = 4096;

const allBits = 2n ** 64n - 1n;

/** Turns a recording into an executable. */
export function compile(recording: Recording, arch: Arch): Image {
  // Room for strings and structs takes address space only; nearly every Program does with the first.
  for (const room of [2 ** 16, 2 ** 20, 2 ** 24]) {
    const image = compileInto(recording, arch, room);
    if (image) return image;
  }
  throw new RangeError('the strings and structs of a Program take more than 16 MiB');
}

function compileInto(recording: Recording, arch: Arch, room: number): Image | undefined {
  const { nodes } = recording;
  const table = layout.dataBase + layout.dataOffset + layout.failureSize;
  const labels = new Map<Label, bigint>();
  const starts = new Map<bigint, CallNode | ProblemNode>();
  let count = 0;
  for (const node of nodes) {
    const address = BigInt(table + count * layout.recordSize);
    if (node.kind === 'label') labels.set(node.label, address);
    if (node.kind === 'call' || node.kind === 'problem') starts.set(address, node);
    count += recordsOf(node);
  }

  const data = new Data(BigInt(table + count * layout.recordSize), arch, room);
  const records = new BigUint64Array((count * layout.recordSize) / 8);
  let index = 0;
  const put = (...words: readonly bigint[]): void => {
    records.set(words, index * (layout.recordSize / 8));
    index += 1;
  };
  const address = (label: Label): bigint => {
    const found = labels.get(label);
    if (found === undefined) throw new Error(`a Program jumps to '${label.name}', which is nowhere`);
    return found;
  };
  const here = (): bigint => BigInt(table + index * layout.recordSize);
  const copy = (to: Word, from: Word, size: number): void =>
    put(BigInt(operation.copy), data.word(to), data.word(from), BigInt(size));
  const jump = (label: Label): void => put(BigInt(operation.branch), data.constant(0n), 0n, 0n, address(label));

  for (const node of nodes) {
    switch (node.kind) {
      case 'call':
        put(...callRecord(node, arch, data, address));
        break;
      case 'copy':
        copy(node.to, node.from, node.size);
        break;
      case 'branch': {
        const all = node.size === 4 ? 0xffff_ffffn : allBits;
        const mask = BigInt.asUintN(64, BigInt(node.test.mask ?? all)) & all;
        const equals = BigInt.asUintN(64, BigInt(node.test.equals)) & all;
        put(BigInt(operation.branch), data.word(node.word), mask, equals, address(node.target));
        break;
      }
      case 'jump':
        jump(node.target);
        break;
      case 'problem': {
        const record = here();
        copy({ kind: 'slot', slot: failedSlot }, { kind: 'constant', value: record }, 8);
        copy({ kind: 'slot', slot: errorSlot }, { kind: 'constant', value: BigInt(-problemErrno) }, 8);
        jump(node.refused);
        break;
      }
      case 'end':
        put(BigInt(operation.end));
        break;
      case 'label':
        break;
    }
  }
  if (data.overflowed) return undefined;
  const failure = new Uint8Array(layout.failureSize);
  const bytes = Buffer.concat([failure, new Uint8Array(records.buffer), data.content()]);
  return {
    arch,
    recording,
    bytes: writeElf(arch, interpreter(arch), bytes, data.zeroes),
    nodeAt: (at) => starts.get(at),
  };
}

function recordsOf(node: ProgramNode): number {
  if (node.kind === 'label') return 0;
  return node.kind === 'problem' ? 3 : 1;
}

function callRecord(node: CallNode, arch: Arch, data: Data, address: (label: Label) => bigint): bigint[] {
  const { syscall, args, result, refused } = node;
  let mask = 0n;
  const words = syscall.parameters.map((parameter, position): bigint => {
    const value = args[position];
    if (value instanceof Slot) {
      mask |= 1n << BigInt(position);
      return data.word({ kind: 'slot', slot: value });
    }
    if (value instanceof Memory) return data.memory(value);
    if (typeof value === 'string') return data.text(value);
    if (value === null) return 0n;
    const number = BigInt(value as number | bigint);
    return BigInt.asUintN(64, parameter.translate ? parameter.translate(number, arch) : number);
  });
  while (words.length < 6) words.push(0n);
  return [
    BigInt(operation.call) | (mask << 32n),
    BigInt(syscallNumber(syscall.name, arch)),
    ...words,
    result ? data.word({ kind: 'slot', slot: result }) : 0n,
    refused ? address(refused) : 0n,
  ];
}
