import { checkInteger, defineStruct, type Kernel } from '@ts-c/syscall';
import { prlimit64, RLIMIT } from './calls.ts';
import { problem } from './error.ts';

/** A resource of getrlimit(2), without `RLIMIT_`. */
export type ResourceName = keyof typeof RLIMIT;

/** A number in the unit of the resource; -1 or `unlimited` for no limit. */
export type LimitValue = number | bigint | 'unlimited';

/** The two limits of a resource. */
export interface ResourceLimit {
  /** What is enforced. */
  readonly soft: LimitValue;
  /** How far the process itself may raise `soft`. */
  readonly hard: LimitValue;
}

/** Limits by resource. Those that are not named stay as they are. */
export type ResourceLimits = { readonly [K in ResourceName]?: ResourceLimit };

const struct = defineStruct('rlimit64', { rlim_cur: { type: 'u64' }, rlim_max: { type: 'u64' } });
const infinity = 2n ** 64n - 1n;

/**
 * Sets resource limits of this process, or of the process of a Program: prlimit(2). Raising a hard limit needs CAP_SYS_RESOURCE.
 *
 * @throws {Error} `ERR_RESOURCE_LIMIT` for an unknown resource, or a soft limit above the hard one.
 */
export function setResourceLimits(kernel: Kernel, limits: ResourceLimits): void {
  for (const [name, limit] of Object.entries(limits)) {
    const resource = resourceOf(name);
    const [soft, hard] = checkLimit(name, limit);
    kernel.section('@ts-c/capabilities', `the limit of ${name}`, () => {
      const memory = struct.make({ rlim_cur: soft, rlim_max: hard });
      memory.describe = () => `{rlim_cur=${format(soft)}, rlim_max=${format(hard)}}`;
      kernel.call(prlimit64, 0, RLIMIT[resource], memory, null);
    });
  }
}

/**
 * Reads `NAME=SOFT[:HARD]`, as of `ulimit` options: `nofile=1024:2048`, `core=unlimited`.
 *
 * @throws {Error} `ERR_RESOURCE_LIMIT`
 */
export function parseResourceLimit(text: string): {
  readonly name: ResourceName;
  readonly limit: ResourceLimit;
} {
  const [, name = '', soft = '', hard = soft] = /^([^=]+)=([^:]+)(?::(.+))?$/.exec(text) ?? [];
  if (name === '') throw invalid(text, 'expected NAME=SOFT[:HARD], such as nofile=1024:2048');
  const value = (part: string): LimitValue => {
    if (part === 'unlimited' || part === '-1') return 'unlimited';
    if (!/^\d{1,20}$/.test(part))
      throw invalid(text, `${JSON.stringify(part)} is no number, nor "unlimited"`);
    return BigInt(part);
  };
  const resource = resourceOf(name.toUpperCase());
  const limit = { soft: value(soft), hard: value(hard) };
  checkLimit(resource, limit);
  return { name: resource, limit };
}

function format(value: bigint): string {
  return value === infinity ? 'RLIM64_INFINITY' : String(value);
}

function resourceOf(name: string): ResourceName {
  const bare = name.replace(/^RLIMIT_/, '');
  if (Object.hasOwn(RLIMIT, bare)) return bare as ResourceName;
  throw invalid(name, `there is no such resource; there are ${Object.keys(RLIMIT).join(', ')}`);
}

function checkLimit(name: string, { soft, hard }: ResourceLimit): [soft: bigint, hard: bigint] {
  const [low, high] = [soft, hard].map((value) => {
    if (value === 'unlimited' || value === -1 || value === -1n) return infinity;
    checkInteger(`rlimits.${name}`, value, 0n, infinity);
    return BigInt(value);
  }) as [bigint, bigint];
  if (low > high) throw invalid(name, `the soft limit ${low} is above the hard limit ${high}`);
  return [low, high];
}

function invalid(name: string, why: string): Error {
  return problem('ERR_RESOURCE_LIMIT', `resource limit ${name}: ${why}`, { resource: name });
}
