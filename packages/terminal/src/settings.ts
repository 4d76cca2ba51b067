import { live, Memory } from '@ts-c/syscall';
import { ioctl, termios, TIOC } from './calls.ts';

const OPOST = 1;
const ICANON = 2;

/** Does a terminal hand its input over in lines: `ICANON` of termios(3)? The same on both sides of it. */
export function isLineMode(terminal: number): boolean {
  return (readSetting(getSettings(terminal), 'c_lflag') & ICANON) !== 0;
}

/** Lets a terminal print what it is told to, line feeds included: no `OPOST` of termios(3). */
export function stopOutputProcessing(terminal: number): void {
  const settings = getSettings(terminal);
  settings.set('u32', termios.offsets.c_oflag, readSetting(settings, 'c_oflag') & ~OPOST);
  live.call(ioctl, terminal, TIOC.TCSETSW, settings);
}

function getSettings(terminal: number): Memory {
  const settings = new Memory(termios.size);
  live.call(ioctl, terminal, TIOC.TCGETS, settings);
  return settings;
}

function readSetting(settings: Memory, field: 'c_oflag' | 'c_lflag'): number {
  return Number(settings.get('u32', termios.offsets[field]));
}
