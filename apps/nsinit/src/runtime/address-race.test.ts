import { afterEach, describe, expect, it, vi } from 'vitest';
import { despiteRaces } from './address-race.ts';

afterEach(() => vi.restoreAllMocks());

/** Something that fails so often before it succeeds. */
const failing = (times: number, error: object) => {
  let count = 0;
  return async (): Promise<number> => {
    count += 1;
    if (count <= times) throw Object.assign(new Error(`failure ${count}`), error);
    return count;
  };
};

describe('despiteRaces', () => {
  it('tries again for as long as others may be faster', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const taken = { code: 'EADDRINUSE', syscall: 'flock' };
    expect(await despiteRaces(failing(20, taken))).toBe(21);
    await expect(despiteRaces(failing(1000, taken))).rejects.toThrow('failure 40');
  });

  it('does not try again what failed otherwise', async () => {
    const bind = failing(1, { code: 'EADDRINUSE', syscall: 'bind' });
    await expect(despiteRaces(bind)).rejects.toThrow('failure 1');
  });
});
