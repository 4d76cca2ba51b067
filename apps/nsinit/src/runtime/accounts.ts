import { readFileInRoot } from '@ts-c/capabilities';
import type { Mount } from '@ts-c/mount';

/**
 * The text of the container's /etc/passwd and /etc/group, as they will be seen inside: a bind mount over /etc or over one of the
 * files counts. Missing files are no error.
 */
export function readAccounts(
  rootfs: string,
  mounts: readonly Mount[],
): { passwd?: string; group?: string } {
  const passwd = read('/etc/passwd', rootfs, mounts);
  const group = read('/etc/group', rootfs, mounts);
  return { ...(passwd === undefined ? {} : { passwd }), ...(group === undefined ? {} : { group }) };
}

function read(path: string, rootfs: string, mounts: readonly Mount[]): string | undefined {
  const over = mounts.findLast(({ type, destination }) => {
    const target = destination.replace(/(?<=.)\/+$/, '');
    return type === 'bind' && (path === target || path.startsWith(`${target}/`));
  });
  if (!over?.source) return readFileInRoot(rootfs, path);
  const rest = path.slice(over.destination.replace(/(?<=.)\/+$/, '').length);
  if (rest !== '') return readFileInRoot(over.source, rest);
  const directory = over.source.slice(0, over.source.lastIndexOf('/')) || '/';
  return readFileInRoot(directory, over.source.slice(over.source.lastIndexOf('/')));
}
