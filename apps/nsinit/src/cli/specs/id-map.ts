import type { IdMapping } from '@ts-c/namespaces';
import { unexpected } from '../usage-error.ts';

/**
 * Reads ranges of ids: `0:100000:65536,65536:1000:1`. How they fit together is looked at when the container is described.
 *
 * @throws {UsageError}
 */
export function parseIdMap(name: string, text: string): IdMapping[] {
  return text.split(',').map((range) => {
    const match = /^(\d+):(\d+):(\d+)$/.exec(range.trim());
    if (!match)
      throw unexpected(name, 'ranges of ids such as 0:100000:65536 (CONTAINER:HOST:SIZE)', range);
    const [containerId = 0, hostId = 0, size = 0] = match.slice(1).map(Number);
    return { containerId, hostId, size };
  });
}
