import type { CallOptions } from '../../async/deadline.ts';
import type { Duration } from '../../model/duration.ts';
import { GRACE } from '../../metastore/lifetimes.ts';
import { anything, callable, trueOrFalse, type Checks } from '../../model/checks.ts';
import { internalsOf } from '../../state-store/internals.ts';
import { keepBirth } from '../../state-store/objects/lineage.ts';
import type { StateStore } from '../../state-store/state-store.ts';
import type { SweepReport } from '../../observe/events.ts';
import { raise, readLineage } from '../lineage.ts';
import { BATCH, batchCheck, graceMs, LEAST_OF_SWEEP, requireOptions } from '../settings.ts';
import { openScope, sweepRound, type OpenScope, type SweepParts } from './round.ts';
import { tidyOldJobs } from '../job-index.ts';
import { createTally } from '../counts.ts';

/** Options of `sweep()`. */
export interface SweepOptions extends CallOptions {
  /**
   * Says what there is to do, and changes nothing.
   * @defaultValue false
   */
  dryRun?: boolean;
  /**
   * Objects that one request deletes, and fields of a scope that one script looks at. 1 to 1,000.
   * @defaultValue 500
   */
  batch?: number;
  /**
   * How long an object is kept after it was superseded: readers, and a Redis that failed over, may still point to it. At least
   * an hour.
   * @defaultValue `'1d'`
   */
  grace?: Duration;
  /**
   * Hears how far it is, after every batch.
   * @defaultValue none
   */
  onProgress?: (soFar: SweepReport) => void;
}

const OPTIONS: Checks<SweepOptions> = {
  signal: anything,
  dryRun: trueOrFalse,
  batch: batchCheck,
  grace: anything,
  onProgress: callable,
};
/** Scopes that are swept at the same time. */
const SIDE_BY_SIDE = 64;

/**
 * Removes what has expired, and the objects that were superseded longer ago than the grace. Its cost grows with what it removes
 * and with the jobs that are open, not with what is stored. Run it at least every 6 days; any number of sweeps may run at the same time. An object or a scope that
 * fails is in the report and stays listed. The next sweep tries it again.
 *
 * @throws `ConfigError` for an invalid option; `StoreUnavailableError` if the metastore cannot say what is due; the signal's
 * reason
 */
export async function sweep(store: StateStore, options: SweepOptions = {}): Promise<SweepReport> {
  const core = internalsOf(store);
  requireOptions(options, OPTIONS);
  const { signal, onProgress } = options;
  const parts: SweepParts = {
    core,
    tally: createTally(core),
    batch: options.batch ?? BATCH,
    grace: graceMs(options.grace, LEAST_OF_SWEEP),
    dryRun: options.dryRun ?? false,
    call: signal ? { signal } : {},
  };
  return core.track(() => sweepAll(parts, onProgress));
}

async function sweepAll(parts: SweepParts, onProgress: SweepOptions['onProgress']): Promise<SweepReport> {
  const { core, tally, grace, dryRun, call } = parts;
  if (!dryRun) await raiseWhenDue(parts);
  // The index counts with a grace of a day. With a shorter grace, things are due before the index says so.
  const until = (await core.metastore.now(call)) + Math.max(0, GRACE - grace);
  let open: OpenScope[] = [];
  const round = async (): Promise<void> => {
    call.signal?.throwIfAborted();
    open = await sweepRound(parts, open);
    onProgress?.(tally.report());
  };
  for await (const path of core.metastore.sweep.due(until, call)) {
    open.push(openScope(core, path));
    while (open.length >= SIDE_BY_SIDE) await round();
  }
  while (open.length > 0) await round();
  if (!dryRun) await tidyOldJobs(core, call);
  const report = tally.report();
  if (!dryRun) core.emit({ type: 'sweep', report });
  return report;
}

/**
 * Raises the generation at most twice in a grace, and at least once if sweeps run as often. A metastore that was restored from an
 * older copy is then behind. A failure is reported and the sweep goes on: what it removes is on the metastore's own lists.
 */
async function raiseWhenDue({ core, tally, grace, call }: SweepParts): Promise<void> {
  try {
    if (!core.objectStore) return;
    const lineage = await readLineage(core, call, [core.objectStore]);
    const { current } = lineage;
    if (!current?.generations) return;
    const { newest, births } = current.generations;
    if (!newest || current.verdict.kind === 'lost') {
      core.logger?.warn(
        { store: current.store.alias, verdict: current.verdict },
        'state was lost: restore Redis, or run recover()',
      );
      // No generation is raised for this metastore, which would put its birth again.
      await keepBirth(core, { store: current.store, where: {}, call }, births, lineage.metastore);
      return;
    }
    const age = (await core.metastore.now(call)) - newest.raisedAt;
    if (age >= grace / 2 || current.verdict.kind === 'ahead') await raise(core, lineage, call);
  } catch (error) {
    call.signal?.throwIfAborted();
    tally.fail(`${core.namespace}/`, error);
  }
}
