import { describe, expect, test } from '@jest/globals';
import { JOB_CASES } from './cases.ts';
import { happen } from './history.ts';

/** Histories per case; `SEEDS=5000` for more. A seed that fails is printed with its history; `SEED=17` runs that one alone. */
const SEEDS = Number(process.env['SEEDS'] ?? 30);

describe('histories of attempts that die, stall, are stopped or come back', () => {
  test.each(JOB_CASES)('%s: one job for each submission, which nothing loses or cancels unasked', async (_name, options) => {
    const outcomes = new Map<string, number>();

    for (const seed of seeds()) {
      const { violations, log, outcome } = await happen({ ...options, seed });
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (violations.length > 0) {
        throw new Error([`seed ${seed}, ${JSON.stringify(options)}`, ...violations, ...log].join('\n'));
      }
    }

    if (seeds().length > 1) expect(outcomes.get('completed')).toBeGreaterThan(SEEDS / 12);
  });
});

function seeds(): readonly number[] {
  const one = process.env['SEED'];
  return one === undefined ? Array.from({ length: SEEDS }, (_, index) => index + 1) : [Number(one)];
}
