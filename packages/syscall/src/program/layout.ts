/**
 * Where things lie in the memory of a Program. The interpreters hold the same numbers.
 *
 * Text and data are separate segments, 64 KB apart at least, so that they never share a page on any kernel.
 */
export const layout = {
  /** Address of the start of the file, hence of the ELF header and the interpreter. */
  textBase: 0x400000,
  /** Address that the data segment would have if it began with the file. */
  dataBase: 0x800000,
  /** Where the interpreter begins in the file. */
  textOffset: 0x120,
  /** Where data begins in the file: first the two words of a failure, then the records. */
  dataOffset: 0x280,
  /** Size of the two words: the record that failed last, and its error. */
  failureSize: 16,
} as const;

/** The kinds of record. */
export const operation = { call: 0, copy: 1, branch: 2, jump: 3, end: 4 } as const;

/** Sizes of records in 32-bit words, by kind; a call has one more for each argument. */
export const recordWords = { call: 4, copy: 4, branch: 5, jump: 2, end: 1 } as const;
