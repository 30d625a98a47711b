import { expect, test } from '@jest/globals';
import { DISASTERS } from './cases.ts';
import { cleanUp, type CleanupHistory } from './cleanup.ts';

/** Histories per case; `SEEDS=5000` for more. A seed that fails is printed with its history; `SEED=17` runs that one alone. */
const SEEDS = Number(process.env['SEEDS'] ?? 60);

test.each(DISASTERS)('I4 I5 I7 values, sweeps, reconciles and readers at the same time, disaster: %s', async (disaster) => {
  const did: CleanupHistory['did'] = { deleted: 0, swept: 0, reconciled: 0, refused: 0, recovered: 0, read: 0 };

  for (const seed of seeds()) {
    const history = await cleanUp(seed, disaster);
    if (history.violations.length > 0)
      throw new Error([`seed ${seed}, ${disaster}`, ...history.violations, ...history.log].join('\n'));
    for (const what of Object.keys(did) as (keyof typeof did)[]) did[what] += history.did[what];
  }

  if (seeds().length > 1) {
    expect(did.swept).toBeGreaterThan(SEEDS);
    expect(did.reconciled).toBeGreaterThan(0);
    if (disaster === 'flush' || disaster === 'restore') expect(Math.min(did.refused, did.recovered)).toBeGreaterThan(0);
  }
});

function seeds(): readonly number[] {
  const one = process.env['SEED'];
  return one === undefined ? Array.from({ length: SEEDS }, (_, index) => index + 1) : [Number(one)];
}
