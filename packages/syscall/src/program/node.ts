import type { Answer, Problem, Test } from '../kernel.ts';
import type { Memory } from '../memory.ts';
import type { Syscall } from '../syscall.ts';
import type { Slot } from '../value.ts';

/** What a stretch of a Program is for. */
export interface Section {
  readonly owner: string;
  readonly title: string;
}

/** A place in a Program that can be jumped to. */
export class Label {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A number in memory, as an operand. The two words of a failure are the Slots `failedSlot` and `errorSlot`. */
export type Word =
  | { readonly kind: 'slot'; readonly slot: Slot }
  | { readonly kind: 'memory'; readonly memory: Memory; readonly offset: number }
  | { readonly kind: 'address'; readonly memory: Memory }
  | { readonly kind: 'constant'; readonly value: number | bigint };

/** A system call of a Program. */
export interface CallNode {
  readonly kind: 'call';
  readonly syscall: Syscall;
  readonly args: readonly unknown[];
  readonly result: Slot | undefined;
  /** Where to go on when the kernel refuses; nowhere: the error is ignored. */
  readonly refused: Label | undefined;
  readonly section: Section | undefined;
  /** Its number among the calls of the Program, from 1. */
  readonly step: number;
}

/** An expectation that did not hold. */
export interface ProblemNode {
  readonly kind: 'problem';
  readonly problem: Problem;
  readonly refused: Label;
  readonly section: Section | undefined;
  /** The call in front of it. */
  readonly step: number;
}

/** An answer of the kernel's in memory, that is an error. */
export interface RefusalNode {
  readonly kind: 'refusal';
  readonly error: Word;
  readonly answer: Answer;
  readonly refused: Label;
  readonly section: Section | undefined;
  /** The call in front of it. */
  readonly step: number;
}

/** One thing that a Program does. All but labels become a record of the interpreter, or a few. */
export type ProgramNode =
  | CallNode
  | ProblemNode
  | RefusalNode
  | { readonly kind: 'copy'; readonly to: Word; readonly from: Word; readonly size: 4 | 8 }
  | {
      readonly kind: 'branch';
      readonly word: Word;
      readonly size: 4 | 8;
      readonly test: Test;
      readonly target: Label;
    }
  | { readonly kind: 'jump'; readonly target: Label }
  | { readonly kind: 'label'; readonly label: Label }
  | { readonly kind: 'end' };

/** A closed Program. */
export interface Recording {
  readonly nodes: readonly ProgramNode[];
  /** How many calls there are. */
  readonly steps: number;
  /** The file descriptor of its reports. */
  readonly reportFd: number;
}
