export { hostArch, type Arch } from './arch.ts';
export * from './calls.ts';
export { checkInteger, checkString, range, type IntegerType } from './check.ts';
export { errnoCode, errnoNumber, type ErrnoCode } from './errno.ts';
export { isErrno, SystemError, type Step, type SystemErrorInfo } from './error.ts';
export { Executable } from './executable.ts';
export { formatConstant, formatFlags, type FlagTable } from './flags.ts';
export type { Answer, Kernel, Problem, Test } from './kernel.ts';
export type { PollEvents } from './live/koffi.ts';
export { live, watch } from './live/live.ts';
export { Memory } from './memory.ts';
export { syscallNames, syscallNumber, type SyscallName } from './numbers.ts';
export {
  fd,
  flags,
  int,
  long,
  memory,
  mode,
  oneOf,
  path,
  sizeOf,
  text,
  uint,
  ulong,
  type Arguments,
  type Parameter,
} from './parameter.ts';
export type { Image } from './program/compile.ts';
export type { ListingLine } from './program/journal.ts';
export { Program } from './program/program.ts';
export {
  failedStatus,
  reportSize,
  sendFailure,
  sendReport,
  type Failure,
} from './program/report.ts';
export { spawn, type ProgramOptions, type ProgramProcess, type Report } from './spawn.ts';
export * from './socket-calls.ts';
export { defineStruct, type Field, type FieldValues, type Struct } from './struct.ts';
export { syscall, type Returns, type Syscall } from './syscall.ts';
export { formatValue, Slot, type Value } from './value.ts';
export { withDescriptor } from './with-descriptor.ts';
