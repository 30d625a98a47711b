import { describe, expect, test } from '@jest/globals';
import { happen, type HistoryOptions } from './history.ts';

/** Histories per case; `SEEDS=5000` for more. A seed that fails is printed with its history; `SEED=17` runs that one alone. */
const SEEDS = Number(process.env['SEEDS'] ?? 50);

const CASES: [string, Omit<HistoryOptions, 'seed'>][] = (['ordered', 'drawn'] as const).flatMap((fence) => [
  [`keyed, ${fence}`, { system: 'keyed', fence }],
  [`keyed with a short window, ${fence}`, { system: 'keyed', fence, idempotentFor: 4 * 60_000 }],
  [`findable, ${fence}`, { system: 'findable', fence }],
  [`plain, ${fence}`, { system: 'plain', fence }],
  [`plain, with a person who answers, ${fence}`, { system: 'plain', fence, operator: true }],
  [`keyed, state lost, ${fence}`, { system: 'keyed', fence, loses: true }],
  [`findable, state lost, ${fence}`, { system: 'findable', fence, loses: true }],
  [`plain, state lost, ${fence}`, { system: 'plain', fence, loses: true }],
  [`keyed, and remembering refusals, ${fence}`, { system: 'keyed', fence, refusals: 'remembers' }],
]);

describe('histories of attempts that die, stall, are stopped or come back', () => {
  test.each(CASES)('%s: one job for each submission, which nothing loses or cancels unasked', async (_name, options) => {
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
