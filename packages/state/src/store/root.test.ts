import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';

const uid = vi.hoisted(() => ({ value: 0 }));
vi.mock('node:process', () => ({ geteuid: () => uid.value }));
const { defaultRoot } = await import('./root.ts');

describe('defaultRoot', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('is in /run for root, and in the directories of their own for others', () => {
    vi.stubEnv('XDG_RUNTIME_DIR', '/run/user/1000');
    expect(defaultRoot()).toBe('/run/nsinit');
    uid.value = 1000;
    expect(defaultRoot()).toBe('/run/user/1000/nsinit');
    vi.stubEnv('XDG_RUNTIME_DIR', 'relative');
    expect(defaultRoot()).toBe(join(tmpdir(), 'nsinit-1000'));
    vi.stubEnv('XDG_RUNTIME_DIR', undefined);
    expect(defaultRoot()).toBe(join(tmpdir(), 'nsinit-1000'));
  });
});
