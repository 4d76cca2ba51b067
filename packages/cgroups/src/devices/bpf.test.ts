import { defaultAllowedDevices } from '@ts-c/mount';
import { describe, expect, it } from 'vitest';
import {
  everyRequest,
  isAllowed,
  randomNumbers,
  randomRules,
  type DeviceRequest,
} from '../../test/device-rules.ts';
import { CODE, disassemble } from './assembler.ts';
import { deviceProgram, instructionCount } from './bpf.ts';
import type { DeviceRule } from './rule.ts';
import { fromDevice, parseRule } from './rules.ts';
import { accessBits } from './table.ts';

const rules = (...texts: string[]): DeviceRule[] => texts.map((text) => parseRule(text));

/** Runs a program as the kernel would, and refuses what its verifier would refuse: bad jumps, registers nobody has set. */
function run(program: Uint8Array, { type, major, minor, access }: DeviceRequest): number {
  const code = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const context = [(accessBits(access) << 16) | (type === 'b' ? 1 : 2), major, minor];
  const registers: (number | undefined)[] = [];
  const read = (register: number): number => {
    const value = registers[register];
    if (value === undefined) throw new Error(`r${register} is not set`);
    return value;
  };
  let at = 0;
  for (;;) {
    if (at >= program.byteLength) throw new Error('ran over the end');
    const operation = code.getUint8(at);
    const to = code.getUint8(at + 1) & 0xf;
    const from = code.getUint8(at + 1) >> 4;
    const offset = code.getInt16(at + 2, true);
    const value = code.getInt32(at + 4, true);
    at += 8;
    if (operation === CODE.load) {
      if (from !== 1 || context[offset / 4] === undefined) throw new Error('not in the context');
      registers[to] = context[offset / 4];
    } else if (operation === CODE.copy) registers[to] = read(from);
    else if (operation === CODE.set) registers[to] = value >>> 0;
    else if (operation === CODE.and) registers[to] = (read(to) & value) >>> 0;
    else if (operation === CODE.shiftRight) registers[to] = read(to) >>> value;
    else if (operation === CODE.ifEqual) at += read(to) === value ? 8 * offset : 0;
    else if (operation === CODE.ifNotEqual) at += read(to) === value ? 0 : 8 * offset;
    else if (operation === CODE.jump) at += 8 * offset;
    else if (operation === CODE.exit) return read(0);
    else throw new Error(`unknown operation ${operation}`);
  }
}

/** The instructions that no way leads to. */
function unreachable(program: Uint8Array): number[] {
  const code = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const reached = new Set([0]);
  for (let index = 0; index < instructionCount(program); index += 1) {
    if (!reached.has(index)) continue;
    const operation = code.getUint8(8 * index);
    const jumps: number[] = [CODE.jump, CODE.ifEqual, CODE.ifNotEqual];
    if (jumps.includes(operation)) reached.add(index + 1 + code.getInt16(8 * index + 2, true));
    if (operation !== CODE.jump && operation !== CODE.exit) reached.add(index + 1);
  }
  return Array.from({ length: instructionCount(program) }, (_, index) => index).filter(
    (index) => !reached.has(index),
  );
}

describe('the program for devices', () => {
  it('decides as the rules do, whatever they are (500 random lists)', () => {
    const random = randomNumbers(1);
    const lists = Array.from({ length: 500 }, () => randomRules(random));
    const wrong = lists.filter((list) => {
      const program = deviceProgram(list);
      return everyRequest.some((one) => run(program, one) !== Number(isAllowed(list, one)));
    });
    expect(wrong).toEqual([]);
    expect(lists.filter((list) => unreachable(deviceProgram(list)).length > 0)).toEqual([]);
  });

  it('denies all without rules, and allows all with one', () => {
    expect(disassemble(deviceProgram([]))).toEqual(['0: r0 = 0', '1: exit']);
    expect(disassemble(deviceProgram(rules('a')))).toEqual(['0: r0 = 1', '1: exit']);
  });

  it('reads in lines', () => {
    const program = deviceProgram(rules('c *:* m', 'c 1:3 rwm', 'c 1:5 r', 'c 136:*', 'b 8:0 w'));
    expect(disassemble(program)).toEqual([
      ' 0: r2 = *(u32 *)(r1 + 0)',
      ' 1: r3 = r2',
      ' 2: r3 &= 0xffff',
      ' 3: r2 >>= 16',
      ' 4: r4 = *(u32 *)(r1 + 4)',
      ' 5: r5 = *(u32 *)(r1 + 8)',
      ' 6: if r3 != 2 goto 12',
      ' 7: if r4 != 1 goto 10',
      ' 8: if r5 == 3 goto 23',
      ' 9: if r5 == 5 goto 15',
      '10: if r4 == 136 goto 23',
      '11: goto 18',
      '12: if r4 != 8 goto 14',
      '13: if r5 == 0 goto 21',
      '14: goto 25',
      '15: r2 &= 0x4',
      '16: if r2 != 0 goto 25',
      '17: goto 23',
      '18: r2 &= 0x6',
      '19: if r2 != 0 goto 25',
      '20: goto 23',
      '21: r2 &= 0x3',
      '22: if r2 != 0 goto 25',
      '23: r0 = 1',
      '24: exit',
      '25: r0 = 0',
      '26: exit',
    ]);
  });

  it('leaves out what other rules say already', () => {
    const short = deviceProgram(rules('a *:* rwm', 'deny c 10:229 rwm'));
    const long = deviceProgram(
      rules('c 1:3 r', 'deny a', 'c 1:3 r', 'c 1:3 w', 'a', 'c 1:3', 'b 8:* m', 'deny c 10:229'),
    );
    expect(long).toEqual(short);
    expect(instructionCount(short)).toBeLessThan(14);
  });

  it('is short for the devices of a container', () => {
    const list = defaultAllowedDevices.map((device) => fromDevice(device));
    expect(instructionCount(deviceProgram(list))).toBeLessThan(35);
  });

  it('takes numbers of every size', () => {
    const list = rules('c 4095:1048575 w');
    const request = { type: 'c', major: 4095, minor: 1_048_575, access: 'w' } as const;
    expect(run(deviceProgram(list), request)).toBe(1);
    expect(run(deviceProgram(list), { ...request, access: 'rw' })).toBe(0);
  });

  it('refuses rules that no program holds', () => {
    const cross = Array.from({ length: 65 }, (_, index): DeviceRule[] => [
      { type: 'c', major: index, access: 'r' },
      { type: 'c', minor: index, access: 'w' },
    ]).flat();
    expect(() => deviceProgram(cross)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_RESOURCES', key: 'devices' }),
    );
    expect(() => deviceProgram([{ type: 'c', minor: -1 }])).toThrow('devices[0].minor');
  });
});
