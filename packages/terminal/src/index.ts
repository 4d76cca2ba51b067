export { DescriptorChannel } from './channel.ts';
export {
  bindConsole,
  openTerminal,
  sendDescriptor,
  takeTerminal,
  type TerminalOptions,
  type TerminalSize,
} from './container.ts';
export { currentSize, Terminal, type Attachment } from './terminal.ts';
