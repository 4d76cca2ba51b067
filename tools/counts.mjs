// How many tests passed, failed and were skipped, from what Vitest's JSON reporter wrote.
import { existsSync } from 'node:fs';
import { readJson } from './setup.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/** @type {Readonly<Counts>} */
export const nothing = { passed: 0, failed: 0, skipped: 0 };

/**
 * @param {string} file where Vitest was to write its results
 * @param {number} code its exit status
 * @returns {Counts}
 */
export function countsIn(file, code) {
  const counts = existsSync(file) ? countsOf(readJson(file)) : nothing;
  // A run that failed without a failed test (an unhandled error, no test found, a hang) failed once.
  return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

/**
 * @param {any} results
 * @returns {Counts}
 */
function countsOf(results) {
  // A file that could not be loaded holds no test, and is one failure.
  const unloaded = results.testResults.filter(
    (/** @type {any} */ file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + unloaded.length,
    skipped: results.numPendingTests + results.numTodoTests,
  };
}

/**
 * @param {readonly Counts[]} all
 * @returns {Counts}
 */
export function sumOf(all) {
  /** @param {keyof Counts} key */
  const sum = (key) => all.reduce((total, counts) => total + counts[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

/** @param {Counts} counts */
export function lineOf({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
