import { namespaces, type Namespace } from '@ts-c/namespaces';
import { flags, syscall, type Program } from '@ts-c/syscall';
import type { Host } from './host.ts';
import { probe } from './probe.ts';
import { explain, explainUserNamespaces } from './reasons.ts';
import type { Feature } from './types.ts';

/** unshare(2). */
const unshareCall = syscall('unshare', [
  flags('flags', Object.fromEntries(namespaces.map(({ key, flag }) => [`CLONE_${key}`, flag]))),
]);

const flagOf = (wanted: Namespace['kind']): number =>
  namespaces.find(({ kind }) => kind === wanted)?.flag ?? 0;

/** Writes down the step into new namespaces; those that take privileges, from inside a new user namespace if need be. */
function unshare(
  program: Program,
  kinds: readonly Namespace['kind'][],
  inUserNamespace: boolean,
): void {
  if (inUserNamespace) program.call(unshareCall, flagOf('user'));
  for (const kind of kinds) program.call(unshareCall, flagOf(kind));
}

const options: Readonly<Record<Namespace['kind'], string>> = {
  mount: 'CONFIG_NAMESPACES',
  uts: 'CONFIG_UTS_NS',
  ipc: 'CONFIG_IPC_NS',
  user: 'CONFIG_USER_NS',
  pid: 'CONFIG_PID_NS',
  net: 'CONFIG_NET_NS',
  cgroup: 'CONFIG_CGROUPS',
  time: 'CONFIG_TIME_NS',
};

const limits: Readonly<Record<Namespace['kind'], string>> = {
  mount: 'user.max_mnt_namespaces',
  uts: 'user.max_uts_namespaces',
  ipc: 'user.max_ipc_namespaces',
  user: 'user.max_user_namespaces',
  pid: 'user.max_pid_namespaces',
  net: 'user.max_net_namespaces',
  cgroup: 'user.max_cgroup_namespaces',
  time: 'user.max_time_namespaces',
};

/** Each kind of namespace, made for real. */
export async function namespaceFeatures(host: Host): Promise<Feature[]> {
  return Promise.all(
    namespaces.map(async (namespace) =>
      namespace.kind === 'user' ? userFeature(host) : feature(namespace, host),
    ),
  );
}

async function feature({ kind, file }: Namespace, host: Host): Promise<Feature> {
  const base = { id: `namespaces.${kind}`, title: `${kind} namespace` };
  if (!host.exists(`/proc/self/ns/${file}`)) {
    return { ...base, available: false, reason: `the kernel is built without ${options[kind]}` };
  }
  const suspects = { option: options[kind], capability: 'SYS_ADMIN', limit: limits[kind] } as const;
  const refusal = await probe((program) => unshare(program, [kind], false));
  if (!refusal) return { ...base, available: true };
  if (refusal.code !== 'EPERM')
    return { ...base, available: false, reason: explain(refusal, host, suspects) };
  // Without privileges: those that come with a user namespace may do.
  const inside = await probe((program) => unshare(program, [kind], true));
  if (!inside) return { ...base, available: true, detail: 'with a user namespace' };
  return {
    ...base,
    available: false,
    reason: `${explain(refusal, host, suspects)}; nor is there a user namespace to get it from`,
  };
}

/** AppArmor lets a namespace be made, then takes its capabilities away: only their use shows. */
async function userFeature(host: Host): Promise<Feature> {
  const base = { id: 'namespaces.user', title: 'user namespace' };
  const refusal = await probe((program) => unshare(program, ['uts'], true));
  if (refusal) return { ...base, available: false, reason: explainUserNamespaces(refusal, host) };
  return { ...base, available: true };
}
