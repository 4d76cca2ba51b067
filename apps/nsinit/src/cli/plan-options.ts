import type { Options } from './options.ts';

/** What `nsinit plan` has beyond the options of `run` and `exec`. */
export const planOptions = {
  json: { type: 'boolean', description: 'Print a JSON object: what was looked up, and the calls' },
} as const satisfies Options;
