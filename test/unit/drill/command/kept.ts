import type { CellRun } from '../../../../drill/harness/table.ts';

/** A run in which the external system has one job, and its result came back. */
export const KEPT: CellRun = {
  submissions: 1,
  running: 0,
  result: true,
  attempts: 2,
  ambiguous: false,
  cancelled: false,
  reason: '',
  decisions: ['submitted', 'repeated'],
  took: 2_400,
};
