/** What must be true of each cell of the crash table for the batch service, which holds its jobs until an attempt has met them again. */
import * as harness from '../../drill/harness/table.ts';
import type { CellRun, Expected, SystemKind } from '../../drill/harness/table.ts';
import type { Gap } from '../../src/job/protocol/crash-point.ts';
import type { End } from './ends.ts';
import { FAILURES } from './messages.ts';

/**
 * What the second attempt decides after a kill, where that is no outcome. In G7 to G9 the external system's job still runs, in
 * G10 and G11 it has ended.
 */
const DECISIONS: Partial<Record<Gap, string>> = {
  G7: 'reconnected',
  G8: 'reconnected',
  G9: 'reconnected',
  G10: 'already-succeeded',
  G11: 'already-succeeded',
};

/** Here the metastore is disturbed, and nothing is lost. */
const DISTURBED = ['outage', 'failover', 'freeze', 'node', 'reshard'] as const satisfies readonly End[];

function isDisturbed(end: End): end is (typeof DISTURBED)[number] {
  return DISTURBED.some((one) => one === end);
}

/** The cell of the table. */
export function expected(end: End, gap: Gap, system: SystemKind): Expected {
  if (end === 'failure') return { submissions: [FAILURES + 1], outcomes: ['result'] };
  if (isDisturbed(end)) return { submissions: [1], outcomes: ['result'] };
  const cell = harness.expected(end, gap, system);
  const isOpen = cell.outcomes.includes('ambiguous');
  const decision = end === 'kill' && !isOpen ? DECISIONS[gap] : undefined;
  return { ...cell, ...(decision && { decision }) };
}

/** What a run did other than the table says; nothing where it kept it. */
export function deviation(end: End, gap: Gap, system: SystemKind, run: CellRun): string | undefined {
  return harness.deviation(expected(end, gap, system), run);
}

/** Jobs too many: a failure calls for one more. */
export function duplicates(end: End, run: CellRun): number {
  return Math.max(0, run.submissions - (end === 'failure' ? FAILURES + 1 : 1));
}
