import type { Limit, Quantity } from './scanner.ts';

/** The product, exact. */
export function times(value: Quantity, factor: number): Quantity {
  const product = Number(value) * factor;
  return Number.isSafeInteger(product) ? product : exact(BigInt(value) * BigInt(factor));
}

/** The sum, exact. */
export function plus(left: Quantity, right: Quantity): Quantity {
  const sum = Number(left) + Number(right);
  return Number.isSafeInteger(sum) ? sum : exact(BigInt(left) + BigInt(right));
}

/** The difference, exact; 0 where it would be negative. */
export function minus(left: Quantity, right: Quantity): Quantity {
  if (left <= right) return 0;
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return exact(BigInt(left) - BigInt(right));
}

/** In whole pages, whatever their size: huge ones may have 512 MB and more. */
const noLimit = 2n ** 63n - 2n ** 36n;

/** A limit as version 1 has it, where none is the most bytes that fit a signed number of 64 bits. */
export function limitOf(value: Quantity | undefined): Limit | undefined {
  return typeof value === 'bigint' && value >= noLimit ? 'max' : value;
}

function exact(value: bigint): Quantity {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}
