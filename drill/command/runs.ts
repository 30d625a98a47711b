import { messageOf } from '../../src/model/reason.ts';
import type { AnyDrill, DrillCell } from '../definition.ts';
import { runCell, runUndisturbed, type Place, type Rig } from '../harness/cell.ts';
import { inLanes } from '../harness/lanes.ts';
import { outcomeOf, type CellRun } from '../harness/table.ts';
import { certifiedRun, type CertifiedRun, type Surroundings } from './certificate.ts';
import { flawOf } from './judge.ts';
import type { DrillPlan } from './plan.ts';
import { drillSystem, type Baseline, type DrillSystem } from './system.ts';
import { timeInWords } from './text.ts';

/** The runs of a drill: one that nothing disturbs, and then those of the plan. */

/** What they are made with. */
export interface RunsOptions {
  readonly drill: AnyDrill;
  readonly plan: DrillPlan;
  readonly rig: Rig;
  /** What the names of all runs begin with. */
  readonly id: string;
  readonly concurrency: number;
  progress(text: string): void;
}

/** What they showed, in the order of the plan. */
export interface Shown extends Pick<Surroundings, 'undisturbed'> {
  readonly runs: readonly CertifiedRun[];
  readonly notes: readonly string[];
}

/**
 * Makes them.
 *
 * @throws Error if the run that nothing disturbs has no result, or not one job. The reason of the signal.
 */
export async function runAll({ drill, plan, rig, id, concurrency, progress }: RunsOptions): Promise<Shown> {
  const { signal } = rig;
  const notes: string[] = [];
  const note = (text: string): void => void notes.push(text);
  progress('the run that nothing disturbs');
  const cell = { name: `${id}-none`, number: 1, end: 'none', gap: '-' };
  const { baseline, undisturbed } = await undisturbedRun(
    rig,
    await drillSystem({ drill, cell, baseline: undefined, signal, note }),
  );

  const runs = new Map<number, CertifiedRun>();
  await inLanes([...plan.runs.entries()], concurrency, async ([at, place]) => {
    const { end, gap, turn } = place;
    const cell: DrillCell = { name: `${id}-${end}-${gap.toLowerCase()}-${turn}`, number: at + 2, end, gap };
    const delay = delayOf(place, turn, baseline);
    const open = (): Promise<DrillSystem> =>
      drillSystem({ drill, cell, baseline, signal, note, ...(delay !== undefined && { delay }) });
    const { run, ids } = await oneRun(rig, place, open);
    signal.throwIfAborted();
    runs.set(at, certifiedRun(place, run, flawOf(place, run, ids)));
    const outcome = run.trouble ?? `${run.submissions} ${outcomeOf(run)}`;
    progress(`${runs.size}/${plan.runs.length}  ${end} ${gap}: ${outcome}, ${timeInWords(run.took)}`);
  });
  return { undisturbed, runs: plan.runs.flatMap((_, at) => runs.get(at) ?? []), notes };
}

/** All others are compared with it. */
async function undisturbedRun(
  rig: Rig,
  system: DrillSystem,
): Promise<{ baseline: Baseline; undisturbed: Surroundings['undisturbed'] }> {
  const { ended, counted, took } = await runUndisturbed(rig, system, { old: false });
  rig.signal.throwIfAborted();
  const fault =
    ended === undefined
      ? `it did not end within ${timeInWords(rig.timeout)}`
      : !ended.completed
        ? `it failed: ${ended.reason}`
        : counted.submissions !== 1
          ? `count says ${counted.submissions} jobs, not 1`
          : counted.result
            ? undefined
            : 'isResult refuses its result';
  if (fault !== undefined) throw new Error(`the run that nothing disturbs is no measure: ${fault}`);
  const { submitTook } = system;
  return { baseline: { result: ended?.result, submitTook }, undisturbed: { jobs: 1, took, submitTook } };
}

/** A run that fails by itself is one that could not be made. */
async function oneRun(rig: Rig, place: Place, open: () => Promise<DrillSystem>): Promise<{ run: CellRun; ids: number }> {
  const began = performance.now();
  try {
    const system = await open();
    const run = await runCell(rig, place, system);
    return { run, ids: system.externalIds.length };
  } catch (error) {
    const took = Math.round(performance.now() - began);
    const nothing = { submissions: 0, running: 0, result: false, attempts: 0, ambiguous: false, cancelled: false, reason: '' };
    return { run: { ...nothing, decisions: [], took, trouble: messageOf(error) }, ids: 0 };
  }
}

/** In G4 a request is on its way: the worker dies at another moment of it in each turn. */
function delayOf({ end, gap }: Place, turn: number, { submitTook }: Baseline): number | undefined {
  if (end !== 'kill' || gap !== 'G4') return undefined;
  return Math.round(submitTook * (MOMENTS[(turn - 1) % MOMENTS.length] ?? 0));
}

const MOMENTS = [0.5, 0.1, 0.9, 0.3, 0.7];
