import { expect, test } from '@jest/globals';
import { DISASTERS, JOB_CASES, simulate } from './cases.ts';

/** What `npm run simulate` prints of a seed that fails is worth something only if the seed lets the same happen again. */

const CASES = JOB_CASES.length + DISASTERS.length;

test('a seed is one history, line for line', async () => {
  for (let seed = 1; seed <= CASES; seed += 1) {
    const first = await simulate(seed);

    expect(first.trace.length).toBeGreaterThan(5);
    expect(await simulate(seed)).toEqual(first);
  }
});

test('as many seeds as there are cases reach each of them', async () => {
  const names = new Set<string>();
  for (let seed = 101; seed <= 100 + CASES; seed += 1) names.add((await simulate(seed)).name);

  expect(names.size).toBe(CASES);
});
