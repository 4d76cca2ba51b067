import type { Arch } from '../arch.ts';
import { Memory } from '../memory.ts';
import { syscallNumber } from '../numbers.ts';
import type { Parameter } from '../parameter.ts';
import { Slot } from '../value.ts';
import { answerSizeSlot, answerSlot, Data, errorSlot, failedSlot } from './data.ts';
import { writeElf } from './elf.ts';
import { interpreter } from './interpreter/bytes.ts';
import { layout, operation, recordWords } from './layout.ts';
import type {
  CallNode,
  Label,
  ProblemNode,
  ProgramNode,
  Recording,
  RefusalNode,
  Word,
} from './node.ts';

/** A compiled Program: a static executable, and what its records stand for. */
export interface Image {
  readonly arch: Arch;
  readonly bytes: Uint8Array;
  readonly recording: Recording;
  /** The call or the expectation at an address of the running Program, to explain a failure. */
  nodeAt(address: bigint): CallNode | ProblemNode | RefusalNode | undefined;
}

/** The error number that stands for an expectation that did not hold. Errors of the kernel end at 4095. */
export const problemErrno = 4096;

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
  const places = placeNodes(nodes);
  const data = new Data(places.end, arch, room);
  const records = new Int32Array((places.end - table) / 4);
  let index = 0;
  const put = (...words: readonly number[]): void => putAll(words);
  const putAll = (words: readonly number[]): void => {
    for (const word of words) {
      records[index] = word;
      index += 1;
    }
  };
  const find = (label: Label): number => {
    const found = places.labels.get(label);
    if (found === undefined)
      throw new Error(`a Program jumps to '${label.name}', which is nowhere`);
    return found;
  };
  const copy = (to: Word, from: Word, size: number): void =>
    put(operation.copy, data.word(to), data.word(from), size);
  /** Leaves the record itself and an error, as a call does that is refused. */
  const fail = (error: bigint): void => {
    const record = BigInt(table + index * 4);
    copy({ kind: 'slot', slot: failedSlot }, { kind: 'constant', value: record }, 8);
    copy({ kind: 'slot', slot: errorSlot }, { kind: 'constant', value: error }, 8);
  };
  const jump = (label: Label): void => put(operation.jump, find(label));

  for (const node of nodes) {
    switch (node.kind) {
      case 'call':
        putAll(callRecord(node, arch, data, find));
        break;
      case 'copy':
        copy(node.to, node.from, node.size);
        break;
      case 'branch': {
        const bits = node.size * 8;
        const mask = data.constant(BigInt.asUintN(bits, BigInt(node.test.mask ?? -1)));
        const equals = data.constant(BigInt.asUintN(bits, BigInt(node.test.equals)));
        put(operation.branch, data.word(node.word), mask, equals, find(node.target));
        break;
      }
      case 'jump':
        jump(node.target);
        break;
      case 'problem':
        fail(BigInt(-problemErrno));
        jump(node.refused);
        break;
      case 'refusal':
        // Its 32 bits have a sign.
        fail(-1n);
        copy({ kind: 'slot', slot: errorSlot }, node.error, 4);
        if (node.answer.memory) {
          const { memory } = node.answer;
          const size = { kind: 'constant', value: memory.size } as const;
          copy({ kind: 'slot', slot: answerSlot }, { kind: 'address', memory }, 8);
          copy({ kind: 'slot', slot: answerSizeSlot }, size, 8);
        }
        jump(node.refused);
        break;
      case 'end':
        put(operation.end);
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
    nodeAt: (address) => places.starts.get(Number(address)),
  };
}

/** Address of the first record. */
const table = layout.dataBase + layout.dataOffset + layout.failureSize;

interface Places {
  readonly labels: ReadonlyMap<Label, number>;
  readonly starts: ReadonlyMap<number, CallNode | ProblemNode | RefusalNode>;
  /** Behind the last record, where data may begin. */
  readonly end: number;
}

/** Where each record will be. */
function placeNodes(nodes: readonly ProgramNode[]): Places {
  const labels = new Map<Label, number>();
  const starts = new Map<number, CallNode | ProblemNode | RefusalNode>();
  let address = table;
  for (const node of nodes) {
    if (node.kind === 'label') labels.set(node.label, address);
    if (node.kind === 'call' || node.kind === 'problem' || node.kind === 'refusal')
      starts.set(address, node);
    address += 4 * wordsOf(node);
  }
  return { labels, starts, end: Math.ceil(address / 8) * 8 };
}

function wordsOf(node: ProgramNode): number {
  const { kind } = node;
  if (kind === 'label') return 0;
  if (kind === 'call') return recordWords.call + node.syscall.parameters.length;
  if (kind === 'problem') return 2 * recordWords.copy + recordWords.jump;
  if (kind === 'refusal') return (node.answer.memory ? 5 : 3) * recordWords.copy + recordWords.jump;
  return recordWords[kind];
}

function callRecord(
  node: CallNode,
  arch: Arch,
  data: Data,
  find: (label: Label) => number,
): number[] {
  const { syscall, args, result, refused } = node;
  const words = [
    operation.call | ((4 * wordsOf(node)) << 16),
    syscallNumber(syscall.name, arch),
    result ? data.word({ kind: 'slot', slot: result }) : 0,
    refused ? find(refused) : 0,
  ];
  for (let position = 0; position < syscall.parameters.length; position += 1) {
    const value = args[position];
    const number =
      value instanceof Slot ? value : numberOf(value, syscall.parameters[position], arch, data);
    if (typeof number === 'number') {
      words.push(number);
    } else {
      // Not the number itself but where it lies.
      words[0] = (words[0] as number) | (0x100 << position);
      words.push(
        number instanceof Slot ? data.word({ kind: 'slot', slot: number }) : data.constant(number),
      );
    }
  }
  return words;
}

/** An argument as a number of 32 bits, or as a bigint where it needs more. */
function numberOf(
  value: unknown,
  parameter: Parameter | undefined,
  arch: Arch,
  data: Data,
): number | bigint {
  if (value instanceof Memory) return data.memory(value);
  if (typeof value === 'string') return data.text(value);
  if (value === null) return 0;
  const number = value as number | bigint;
  const bits = parameter?.translate ? parameter.translate(BigInt(number), arch) : number;
  const small = Number(bits);
  return small >= -(2 ** 31) && small < 2 ** 31 ? small : BigInt(bits);
}
