import { describe, expect, it } from 'vitest';
import { checkId, generateId } from './id.ts';

describe('generateId', () => {
  it('makes ids that are short, readable and not twice the same', () => {
    const ids = Array.from({ length: 1000 }, generateId);
    for (const id of ids) {
      expect(id).toMatch(/^(?:[a-z]{4}-){2}[a-z]{4}$/);
      checkId(id);
    }
    expect(new Set(ids).size).toBe(ids.length);
  });
});
