import { resolve } from 'node:path';
import {
  namespaces,
  type NamespaceKind,
  type NamespaceRequests,
  type NamespaceTarget,
} from '@ts-c/namespaces';
import { suggest } from '../../suggest.ts';
import { unexpected } from '../usage-error.ts';

/** Other names that namespaces have, in /proc/PID/ns or elsewhere. */
const aliases: Readonly<Record<string, NamespaceKind>> = {
  mnt: 'mount',
  network: 'net',
  cgroupns: 'cgroup',
  userns: 'user',
};

/**
 * Reads a request for a namespace: `net=new`, `net=host`, `net=/run/netns/blue`, `net=pid:1234`.
 *
 * @param directory What a relative path starts from.
 * @throws {UsageError}
 */
export function parseNamespace(name: string, text: string, directory: string): NamespaceRequests {
  const equals = text.indexOf('=');
  const [word, request] = equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
  const kinds = namespaces.map(({ kind }) => kind);
  const kind = aliases[word] ?? kinds.find((candidate) => candidate === word);
  if (!kind)
    throw unexpected(
      name,
      `KIND=…, where KIND is one of ${kinds.join(', ')}`,
      text,
      suggest(word, kinds),
    );
  return { [kind]: parseTarget(name, request, directory) };
}

function parseTarget(name: string, request: string, directory: string): boolean | NamespaceTarget {
  if (request === 'new') return true;
  if (request === 'host') return false;
  const pid = /^pid:(\d+)$/.exec(request)?.[1];
  if (pid !== undefined) return { pid: Number(pid) };
  if (request.includes('/')) return resolve(directory, request);
  throw unexpected(
    name,
    'new, host, a path or pid:PID behind the equals sign',
    request,
    suggest(request, ['new', 'host']),
  );
}
