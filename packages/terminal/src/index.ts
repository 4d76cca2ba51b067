export type { AttachOptions, Attachment } from './attach.ts';
export { DescriptorChannel } from './channel.ts';
export { bindConsole, takeTerminal } from './console.ts';
export { sendDescriptor } from './descriptor.ts';
export { openTerminal, type TerminalOptions, type TerminalPair } from './open.ts';
export type { RawStream } from './raw-mode.ts';
export { currentSize, type SizedStream, type TerminalSize } from './size.ts';
export { Terminal } from './terminal.ts';
