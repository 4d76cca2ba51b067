/** The types of mounts that can be asked for. */
export const mountTypes: readonly string[] = [
  'bind',
  'tmpfs',
  'proc',
  'sysfs',
  'devpts',
  'mqueue',
  'cgroup',
  'cgroup2',
  'overlay',
];

/** What mounts of the host may do in the container. */
export const propagations: readonly string[] = ['private', 'slave', 'shared', 'unbindable'];

/** Capabilities by number, see capabilities(7). */
export const capabilityNames: readonly string[] = words(`
  CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
  NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
  SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
  MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`);

/** Limits by the names of getrlimit(2). */
export const resourceNames: readonly string[] = words(`
  CPU FSIZE DATA STACK CORE RSS NPROC NOFILE MEMLOCK AS LOCKS SIGPENDING MSGQUEUE NICE RTPRIO RTTIME`);

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
