import { expect, test } from '@jest/globals';
import { FUZZ_TARGETS } from '../../scripts/fuzz/targets.ts';

/** A short run of what `npm run fuzz` does at length. */

test.each(FUZZ_TARGETS)('$name', ({ check }) => {
  expect(check({ numRuns: 500 }).problem).toBeUndefined();
});
