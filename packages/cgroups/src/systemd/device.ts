import type { DeviceRule } from '../devices/rule.ts';
import type { UnitProperty } from './property.ts';

/**
 * Device rules as DevicePolicy and DeviceAllow. systemd can only allow, and every program that it attaches has to agree, so either all
 * rules are expressed or none.
 */
export function deviceProperties(rules: readonly DeviceRule[] | undefined): UnitProperty[] {
  const allowed = rules && allowedOf(rules);
  if (!allowed) return [];
  const everything = allowed === 'everything';
  const list = everything ? [] : allowed.flatMap(entriesOf);
  const policy = { name: 'DevicePolicy', signature: 's', value: everything ? 'auto' : 'strict' };
  // A list is added to the one that is there; an empty one takes that away.
  return [{ ...policy, key: 'devices' }, allow([]), ...(list.length > 0 ? [allow(list)] : [])];
}

function allow(value: readonly (readonly string[])[]): UnitProperty {
  return { name: 'DeviceAllow', signature: 'a(ss)', value, key: 'devices' };
}

/** The rules that count; undefined where systemd has no words for them. */
function allowedOf(rules: readonly DeviceRule[]): readonly DeviceRule[] | 'everything' | undefined {
  // A rule about everything makes all that is before it void.
  const start = rules.findLastIndex((rule) => isEverything(rule));
  const first = rules[start];
  if (first !== undefined && first.allow !== false)
    return start === rules.length - 1 ? 'everything' : undefined;
  const rest = rules.slice(start + 1);
  return rest.every((rule) => rule.allow !== false && hasWords(rule)) ? rest : undefined;
}

function isEverything({ type, major = '*', minor = '*', access = 'rwm' }: DeviceRule): boolean {
  return type === 'a' && major === '*' && minor === '*' && /^(?=.*r)(?=.*w)(?=.*m)/.test(access);
}

/** There are words for one device, for all of a major number, and for all of a type. */
function hasWords({ major = '*', minor = '*' }: DeviceRule): boolean {
  return major !== '*' || minor === '*';
}

function entriesOf(rule: DeviceRule): [string, string][] {
  const { type, major = '*', minor = '*', access = 'rwm' } = rule;
  const types = type === 'a' ? (['b', 'c'] as const) : [type];
  return types.map((one) => {
    const name = one === 'b' ? 'block' : 'char';
    return [minor === '*' ? `${name}-${major}` : `/dev/${name}/${major}:${minor}`, access];
  });
}
