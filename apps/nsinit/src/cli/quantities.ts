const units = ['B', 'K', 'M', 'G', 'T', 'P', 'E'] as const;

/** Bytes, in the largest unit of 1024 that leaves at least one: `512B`, `1.5M`, `64M`. */
export function formatSize(bytes: number | bigint): string {
  let value = Number(bytes);
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const rounded = value < 10 && unit > 0 ? Math.round(value * 10) / 10 : Math.round(value);
  return `${rounded}${units[unit]}`;
}

/** Milliseconds of CPU time as ps(1) writes them, with hundredths: `1:02.50`, `2:00:00.00`. */
export function formatTime(milliseconds: number): string {
  const hundredths = Math.round(milliseconds / 10);
  const seconds = Math.floor(hundredths / 100);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const front = hours > 0 ? `${hours}:${two(minutes)}` : String(minutes);
  return `${front}:${two(seconds % 60)}.${two(hundredths % 100)}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
