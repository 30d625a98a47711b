import type { DrillOrder } from '../../src/cli/tools.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import { canEnd, END_NAMES, type End } from '../harness/ends.ts';
import { GAP_NAMES, parseGap } from '../harness/gaps.ts';
import { expected } from '../harness/table.ts';
import type { Place } from '../harness/cell.ts';
import type { DrillFacts } from './facts.ts';

/** What a drill runs: cells of the crash table, and how often. */

/** What every definition must survive. A stalled process may send a request late, which not every external system can refuse. */
const DEFAULT_ENDS: readonly End[] = ['kill', 'deploy', 'cancel', 'release'];

/** The runs of a drill, without the one that nothing disturbs. */
export interface DrillPlan {
  readonly runs: readonly (Place & { turn: number })[];
  /** The most jobs that the external system gets, if all is as it should be. */
  readonly jobs: number;
  /** What is left out, and why. */
  readonly notes: readonly string[];
}

/**
 * Makes the plan.
 *
 * @throws {@link UsageError} for a name that there is not, or if there is nothing to run.
 */
export function planOf({ gaps, ends, repeat }: DrillOrder, facts: DrillFacts): DrillPlan {
  const wantedGaps = gaps === undefined ? GAP_NAMES : words(gaps).map(readGap);
  const wantedEnds = ends === undefined ? DEFAULT_ENDS : words(ends).map(readEnd);
  const possible = wantedEnds.filter((end) => end !== 'cancel' || facts.cancel);
  const places = possible.flatMap((end) =>
    wantedGaps.filter((gap) => canEnd(end, gap)).map((gap): Place => ({ end, gap, system: facts.kind })),
  );
  const notes =
    possible.length < wantedEnds.length ? ['cancel is left out: the external job has no cancel, so it would run on'] : [];
  if (places.length === 0) throw new UsageError('there is nothing to run: no attempt ends like this in these gaps');
  const runs = Array.from({ length: repeat }, (_, at) => places.map((place) => ({ ...place, turn: at + 1 }))).flat();
  const most = (place: Place): number => Math.max(...expected(place.end, place.gap, place.system).submissions);
  return { runs, jobs: 1 + runs.reduce((sum, run) => sum + most(run), 0), notes };
}

function words(text: string): string[] {
  return [...new Set(text.split(',').map((word) => word.trim()))];
}

function readGap(word: string): Place['gap'] {
  try {
    return parseGap(word);
  } catch (error) {
    throw new UsageError(`--gaps: ${(error as Error).message}`, { cause: error });
  }
}

function readEnd(word: string): End {
  const end = END_NAMES.find((name) => name === word.toLowerCase());
  if (end === undefined) throw new UsageError(`--ends are some of ${END_NAMES.join(', ')}, received ${JSON.stringify(word)}`);
  return end;
}
