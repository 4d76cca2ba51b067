import { readdirSync, readlinkSync } from 'node:fs';

/** The descriptors of this process that events are made of, and what each is: epoll instances, eventfds, pidfds, files of cgroups. */
export function openDescriptors(): Readonly<Record<number, string>> {
  const found: Record<number, string> = {};
  for (const fd of readdirSync('/proc/self/fd')) {
    let target: string;
    try {
      target = readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      // It was the descriptor of the directory that is being read.
      continue;
    }
    if (
      /^anon_inode:\[(eventpoll|eventfd|pidfd)\]|cgroup|pressure|memory\.oom_control/.test(target)
    )
      found[Number(fd)] = target;
  }
  return found;
}
