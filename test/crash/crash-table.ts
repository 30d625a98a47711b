import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { SYSTEM_KINDS } from '../../scripts/batch-service/job.ts';
import { placesOf, runCrash, type Cell, type CrashPlace, type Report } from '../../scripts/crash/harness.ts';
import type { RuntimeName } from '../../scripts/crash/runtime.ts';
import { expected } from '../../scripts/crash/table.ts';
import { GAPS, GAP_NAMES } from '../../drill/harness/gaps.ts';
import { cleanupStack } from '../../scripts/interrupt.ts';

/** So long all cells together may take, in milliseconds, on a slow machine. */
const WHOLE_TABLE = 1_800_000;

const KILLS = placesOf(['kill'], GAP_NAMES, SYSTEM_KINDS);

/** For the other ways in which attempts end: the cells in which something else happens than in their neighbours. */
const OTHERS: readonly CrashPlace[] = [
  { end: 'stall', gap: 'G6', system: 'keyed' },
  { end: 'stall', gap: 'G9', system: 'plain' },
  { end: 'outage', gap: 'G2', system: 'findable' },
  { end: 'outage', gap: 'G6', system: 'plain' },
  { end: 'failover', gap: 'G6', system: 'keyed' },
  { end: 'freeze', gap: 'G9', system: 'keyed' },
  { end: 'node', gap: 'G3', system: 'findable' },
  { end: 'reshard', gap: 'G6', system: 'findable' },
  { end: 'deploy', gap: 'G3', system: 'plain' },
  { end: 'deploy', gap: 'G9', system: 'keyed' },
  { end: 'cancel', gap: 'G2', system: 'plain' },
  { end: 'cancel', gap: 'G4', system: 'keyed' },
  { end: 'cancel', gap: 'G9', system: 'findable' },
  { end: 'failure', gap: 'G10', system: 'keyed' },
  { end: 'failure', gap: 'G11', system: 'plain' },
  { end: 'release', gap: 'G4', system: 'plain' },
  { end: 'release', gap: 'G9', system: 'keyed' },
];

/**
 * Each cell of the crash table once for SIGKILL, and some for the other ends, on real worker processes, real servers and a real external system.
 * `npm run crash` runs all of them, and repeats them.
 */
export function crashTable(runtime: RuntimeName): void {
  const cleanup = cleanupStack();
  let report: Report;

  beforeAll(async () => {
    report = await runCrash({ runtime, places: [...OTHERS, ...KILLS], repeat: 1 }, cleanup);
  }, WHOLE_TABLE);

  afterAll(() => cleanup.run(), 30_000);

  const cellOf = ({ end, gap, system }: CrashPlace): Cell | undefined =>
    report.cells.find((one) => one.end === end && one.gap === gap && one.system === system);
  const named = (place: CrashPlace) => ({
    ...place,
    when: GAPS[place.gap],
    ends: expected(place.end, place.gap, place.system).outcomes,
  });

  test.each([...KILLS, ...OTHERS].map(named))('$end in $gap, $when, $system: one job at most, $ends', (place) => {
    const { end, gap, system } = place;
    const cell = cellOf(place);

    expect(cell).toMatchObject({ runtime, runs: 1, duplicates: 0, lost: 0, tooMany: 0, deviations: [] });
    expect(expected(end, gap, system).submissions).toContain(cell?.submissions);
    expect(place.ends).toContain(Object.keys(cell?.outcomes ?? {})[0]);
  });

  test('G4: one external system accepts the request late, one never does', () => {
    expect(cellOf({ end: 'kill', gap: 'G4', system: 'plain' })).toMatchObject({ submissions: 1, decisions: { ambiguous: 1 } });
    expect(cellOf({ end: 'kill', gap: 'G4', system: 'findable' })).toMatchObject({ submissions: 1, decisions: { repeated: 1 } });
  });
}
