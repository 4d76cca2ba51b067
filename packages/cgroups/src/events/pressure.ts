import { statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CgroupError } from '../error.ts';
import { fileSource, hasCode, OpenFile, removedError } from './file.ts';
import { EventQueue, guarded, type EventOptions, type EventStream } from './queue.ts';
import { removalSource, startAll } from './sources.ts';

/** A line of a pressure file. */
export interface PressureAverages {
  /** Percent of the last 10 seconds. */
  readonly avg10: number;
  /** Percent of the last minute. */
  readonly avg60: number;
  /** Percent of the last five minutes. */
  readonly avg300: number;
  /** Microseconds in all. */
  readonly total: number;
}

/** Processes have waited for a resource for longer than was said. */
export interface PressureEvent {
  readonly type: 'pressure';
  readonly resource: 'memory' | 'cpu' | 'io';
  readonly kind: 'some' | 'full';
  /** While at least one process waited. */
  readonly some: PressureAverages;
  /** While all of them waited; old kernels don't have it for the CPU. */
  readonly full?: PressureAverages;
}

/** When to tell. */
export interface PressureOptions extends EventOptions {
  readonly resource: 'memory' | 'cpu' | 'io';
  /** `some`: at least one process waits. `full`: all of them do. */
  readonly kind: 'some' | 'full';
  /** Microseconds of waiting, in each window. */
  readonly stall: number;
  /** Microseconds, 500000 to 10000000; multiples of 2000000 for who has no `CAP_SYS_RESOURCE`. */
  readonly window: number;
}

/**
 * Tells when processes of a cgroup wait too long for a resource, once in a window at most: a trigger of the kernel's pressure stall
 * information, which each event carries. It ends when the cgroup is removed.
 *
 * @param place The directory of a cgroup of version 2; or a file such as `/proc/pressure/memory`, for the whole machine.
 * @throws {CgroupError} (`ERR_INVALID_RESOURCES`) for times that can't be, (`ERR_CGROUP_REMOVED`, `ERR_NO_CONTROLLER`) where there is no
 * such file; Node's error where the kernel refuses; the signal's reason, if it is aborted.
 */
export function watchPressure(place: string, options: PressureOptions): EventStream<PressureEvent> {
  const { resource, kind, stall, window } = options;
  checkOptions(options);
  const isDirectory = statSync(place, { throwIfNoEntry: false })?.isDirectory();
  if (isDirectory === undefined) throw removedError(place);
  const directory = isDirectory ? place : dirname(place);
  return new EventQueue<PressureEvent>(
    (sink) =>
      startAll((sources) => {
        const file = isDirectory
          ? new OpenFile(directory, `${resource}.pressure`, 'r+')
          : new OpenFile(place, '', 'r+');
        try {
          setTrigger(file, isDirectory ? join(place, `${resource}.pressure`) : place, options);
        } catch (error) {
          file[Symbol.dispose]();
          throw error;
        }
        sources.add(
          fileSource(
            file,
            guarded(sink, () => {
              const averages = parsePressure(file.read());
              if (averages) sink.push({ type: 'pressure', resource, kind, ...averages });
              else sink.end();
            }),
          ),
        );
        if (isDirectory) {
          const check = guarded(sink, () => {
            if (file.read() === undefined) sink.end();
          });
          sources.add(removalSource(directory, check));
          check();
        }
      }),
    options,
  );

  function setTrigger(file: OpenFile, path: string, { signal }: EventOptions): void {
    signal?.throwIfAborted();
    const value = `${kind} ${stall} ${window}`;
    try {
      // The kernel takes the last byte for the end of the text, whatever it is.
      writeSync(file.fd, `${value}\0`);
    } catch (error) {
      if (!hasCode(error, 'EINVAL')) throw error;
      const remedy =
        window % 2_000_000 === 0
          ? `this kernel has no such trigger for '${kind}'`
          : 'without CAP_SYS_RESOURCE the window has to be a multiple of 2000000 microseconds';
      throw new CgroupError('EINVAL', `the kernel refuses '${value}' for ${path}: ${remedy}`, {
        key: 'window',
        path,
        value,
        cause: error,
      });
    }
  }
}

function checkOptions({ resource, kind, stall, window }: PressureOptions): void {
  const isResource = ['memory', 'cpu', 'io'].includes(resource);
  checkOption(isResource, 'resource', resource, "'memory', 'cpu' or 'io'");
  checkOption(['some', 'full'].includes(kind), 'kind', kind, "'some' or 'full'");
  const isWindow = Number.isInteger(window) && window >= 500_000 && window <= 10_000_000;
  checkOption(isWindow, 'window', window, 'from 500000 to 10000000 microseconds');
  const isStall = Number.isInteger(stall) && stall > 0 && stall <= window;
  checkOption(isStall, 'stall', stall, `from 1 microsecond to the ${window} of the window`);
}

function checkOption(isValid: boolean, key: string, value: unknown, rule: string): void {
  if (isValid) return;
  const text = String(value);
  throw new CgroupError('ERR_INVALID_RESOURCES', `${key} has to be ${rule}: ${text}`, {
    key,
    value: text,
  });
}

/** Reads a pressure file; undefined where there is none to read. */
function parsePressure(
  text: string | undefined,
): { some: PressureAverages; full?: PressureAverages } | undefined {
  if (text === undefined) return undefined;
  const lines = new Map(
    text.split('\n').map((line) => {
      const [kind = '', ...fields] = line.split(' ');
      const values = new Map(fields.map((field) => field.split('=') as [string, string]));
      const value = (key: string): number => Number(values.get(key) ?? 0);
      return [
        kind,
        {
          avg10: value('avg10'),
          avg60: value('avg60'),
          avg300: value('avg300'),
          total: value('total'),
        },
      ];
    }),
  );
  const [some, full] = [lines.get('some'), lines.get('full')];
  return some && { some, ...(full && { full }) };
}
