import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SIDES } from '../../scripts/batch-service/job.ts';
import { runCrash, type Report } from '../../scripts/crash/harness.ts';
import type { RuntimeName } from '../../scripts/crash/runtime.ts';
import { expected } from '../../scripts/crash/table.ts';
import { GAPS, GAP_NAMES } from '../../scripts/gaps.ts';
import { cleanupStack } from '../../scripts/interrupt.ts';

/** Every cell of the crash table once, on real worker processes, real servers and a real far side. `npm run crash` repeats it. */
export function crashTable(runtime: RuntimeName): void {
  const cleanup = cleanupStack();
  let report: Report;

  beforeAll(async () => {
    report = await runCrash({ runtime, gaps: GAP_NAMES, sides: SIDES, repeat: 1 }, cleanup);
  }, 300_000);

  afterAll(() => cleanup.run(), 30_000);

  const cells = GAP_NAMES.flatMap((gap) =>
    SIDES.map((side) => ({ gap, side, when: GAPS[gap], ends: expected(gap, side).outcome })),
  );

  test.each(cells)('$gap, $when, $side: one job at most, $ends', ({ gap, side, ends }) => {
    const cell = report.cells.find((one) => one.gap === gap && one.farSide === side);

    expect(cell).toMatchObject({ runtime, runs: 1, duplicates: 0, lost: 0, deviations: [] });
    expect(cell?.ambiguous).toBe(ends === 'ambiguous' ? 1 : 0);
    expect(expected(gap, side).submissions).toContain(cell?.submissions);
  });

  test('G4: both ways are seen: one far side accepts the request late, one never does, and is asked again', () => {
    const cell = (side: string): object | undefined => report.cells.find((one) => one.gap === 'G4' && one.farSide === side);

    expect(cell('plain')).toMatchObject({ submissions: 1, decisions: { ambiguous: 1 } });
    expect(cell('findable')).toMatchObject({ submissions: 1, decisions: { repeated: 1 } });
  });
}
