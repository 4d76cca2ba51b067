import { Memory, memory, sizeOf, syscall, type Kernel } from '@ts-c/syscall';

const sethostname = syscall('sethostname', [memory('name'), sizeOf('len', 'name')]);
const setdomainname = syscall('setdomainname', [memory('name'), sizeOf('len', 'name')]);

/** Sets the hostname of the uts namespace: sethostname(2). At most 64 bytes. */
export function setHostname(kernel: Kernel, name: string): void {
  kernel.section('@ts-c/namespaces', 'the hostname', () =>
    kernel.call(sethostname, Memory.text('hostname', name), Buffer.byteLength(name)),
  );
}

/** Sets the NIS domain name of the uts namespace: setdomainname(2). At most 64 bytes. */
export function setDomainname(kernel: Kernel, name: string): void {
  kernel.section('@ts-c/namespaces', 'the domain name', () =>
    kernel.call(setdomainname, Memory.text('domainname', name), Buffer.byteLength(name)),
  );
}
