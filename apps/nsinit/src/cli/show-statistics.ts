import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { formatPrometheus, type CgroupStatistics } from '@ts-c/cgroups';
import { networkStatistics, type NetworkStatistics } from '@ts-c/network';
import { formatJson } from '@ts-c/state';
import type { Grouped } from './grouped.ts';
import type { Output } from './output.ts';
import { History, statisticsTable } from './statistics-table.ts';

/** How to show statistics. */
export interface ShowOptions {
  readonly stdout: Output;
  readonly format: 'table' | 'json' | 'full' | 'prometheus';
  /** Milliseconds. */
  readonly interval: number;
  /** Until the containers have ended, or once? */
  readonly watch: boolean;
}

/** Milliseconds between the two samples of a table that is printed once: CPU usage is a difference. */
const shortWait = 200;
/** Up to the top left corner, and everything below it away: what is drawn replaces what was. */
const home = '\u001B[H\u001B[J';

/** Prints what containers use, once or until they have all ended. */
export async function showStatistics(
  groups: readonly Grouped[],
  options: ShowOptions,
): Promise<void> {
  if (options.format === 'table') await showTable(groups, options);
  else await showDocuments(groups, options);
}

async function showDocuments(groups: readonly Grouped[], options: ShowOptions): Promise<void> {
  const { stdout, watch, interval } = options;
  let left = groups;
  for (;;) {
    const documents: { readonly group: Grouped; readonly document: object }[] = [];
    for (const group of left) {
      const document = await documentOf(group, options, left.length > 1 || watch);
      if (document) documents.push({ group, document });
    }
    left = documents.map(({ group }) => group);
    if (watch && left.length === 0) return;
    stdout.write(textOf(documents, options));
    await stdout.flush();
    if (!watch) return;
    await delay(interval);
  }
}

async function documentOf(
  { cgroup, pid }: Grouped,
  { format }: ShowOptions,
  mayBeGone: boolean,
): Promise<object | undefined> {
  try {
    if (format !== 'json') return await cgroup.statistics();
    return { network_stats: networkOf(pid), cgroup_stats: await cgroup.classicStatistics() };
  } catch (error) {
    if (mayBeGone && isGone(error)) return undefined;
    throw error;
  }
}

/** What its own network has carried; nothing of that of this machine, should it share it. */
function networkOf(pid: number): NetworkStatistics {
  const [ours, theirs] = ['self', pid].map((one) => statSync(`/proc/${one}/ns/net`).ino);
  return ours === theirs ? {} : networkStatistics({ namespace: { pid } });
}

function textOf(
  documents: readonly { readonly group: Grouped; readonly document: object }[],
  { format, watch }: ShowOptions,
): string {
  if (format === 'prometheus') {
    return formatPrometheus(
      documents.map(({ group, document }) => ({
        id: group.id,
        statistics: document as CgroupStatistics,
      })),
    );
  }
  const [first, ...others] = documents;
  const indent = watch ? undefined : '\t';
  if (first && others.length === 0) return `${formatJson(first.document, indent)}\n`;
  const all = Object.fromEntries(documents.map(({ group, document }) => [group.id, document]));
  return `${formatJson(all, indent)}\n`;
}

async function showTable(groups: readonly Grouped[], options: ShowOptions): Promise<void> {
  const { stdout, interval, watch } = options;
  const histories = groups.map((group) => new History(group.id));
  for (let round = 0; ; round += 1) {
    for (const [index, { cgroup }] of groups.entries()) {
      try {
        histories[index]?.add(await cgroup.statistics());
      } catch (error) {
        if (!isGone(error)) throw error;
        histories[index]?.end();
      }
    }
    const isLast = histories.every(({ hasEnded }) => hasEnded);
    if (watch || round === 1 || isLast) {
      stdout.write(
        `${watch && stdout.isTerminal ? home : ''}${statisticsTable(histories, stdout)}`,
      );
      await stdout.flush();
    }
    if (isLast || (!watch && round === 1)) return;
    await delay(round === 0 ? Math.min(shortWait, interval) : interval);
  }
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  // Of the cgroup, or of the process whose network was asked for.
  return code === 'ERR_CGROUP_REMOVED' || code === 'ENOENT' || code === 'ESRCH';
}
