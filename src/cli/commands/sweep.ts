import type { SweepReport } from '../../observe/events.ts';
import type { StoreCommand } from '../command.ts';
import { EXIT, type CommandOutcome } from '../outcome.ts';
import { readCount, readDuration, readShare, type Flags, type Given } from '../flags.ts';
import { UsageError } from '../usage-error.ts';
import { count, sweptInWords } from '../words.ts';

/** `mooring sweep` and `mooring reconcile`: the commands that remove. */

const GRACE: Flags = {
  grace: { value: 'TIME', holds: 'how long what nobody refers to is kept yet (1d; at least 1h, for reconcile 2h)' },
};

/** `mooring sweep`. */
export const sweepCommand: StoreCommand = {
  kind: 'store',
  summary: 'remove what has expired or was overwritten',
  flags: {
    'dry-run': { holds: 'only say what would be removed' },
    ...GRACE,
    batch: { value: 'COUNT', holds: 'how much is done in one step (500)' },
  },
  about: [
    'Removes entries that have expired, and objects that were overwritten, deleted or have expired and are older than the grace.',
    'Run it at least every 6 days, from any one machine. Running it twice at the same time does no harm.',
  ],
  examples: [
    ['mooring sweep', 'every hour, from cron'],
    ['mooring sweep --dry-run', 'only look'],
  ],
  plan(given) {
    const dryRun = given.has('dry-run');
    const options = { dryRun, ...optional('grace', readDuration('grace', given.text('grace'))) };
    const batch = optional('batch', readCount('batch', given.text('batch')));
    return async (store, { signal, terminal, tools }) => {
      const onProgress = (soFar: SweepReport): void => terminal.progress(`sweeping: ${sweptInWords(soFar)}`);
      const report = await tools.sweep(store, { ...options, ...batch, signal, onProgress });
      return swept(report, dryRun, dryRun ? 'Without --dry-run it is removed.' : undefined);
    };
  },
};

/** `mooring reconcile`. */
export const reconcileCommand: StoreCommand = {
  kind: 'store',
  summary: 'list the buckets, and remove the objects that nothing refers to',
  flags: {
    apply: { holds: 'remove them; without it they are only counted' },
    'dry-run': { holds: 'only count them, which is what happens without --apply' },
    ...GRACE,
    'max-share': { value: 'SHARE', holds: 'refuse to remove more than this share of a bucket, and more than 10 (0.1)' },
  },
  about: [
    'Finds what sweep cannot know of: objects whose write was interrupted, and what lay in Redis when it was lost.',
    'Refuses if Redis may have lost references: then see recover.',
  ],
  examples: [
    ['mooring reconcile', 'count what nothing refers to'],
    ['mooring reconcile --apply', 'remove it: once a week'],
  ],
  plan(given) {
    const apply = applies(given);
    const grace = optional('grace', readDuration('grace', given.text('grace')));
    const maxShare = optional('maxShare', readShare('max-share', given.text('max-share')));
    return async (store, { signal, terminal, tools }) => {
      const onProgress = (soFar: SweepReport & { readonly listed: number }): void =>
        terminal.progress(`reconciling: ${count(soFar.listed, 'object')} listed; ${sweptInWords(soFar)}`);
      const report = await tools.reconcile(store, { apply, ...grace, ...maxShare, signal, onProgress });
      return swept(report, !apply, apply ? undefined : 'With --apply it is removed.');
    };
  },
};

/**
 * Whether a command that only reports by default is to act.
 *
 * @throws {@link UsageError}
 */
export function applies(given: Given): boolean {
  if (given.has('apply') && given.has('dry-run')) throw new UsageError('--apply and --dry-run exclude each other');
  return given.has('apply');
}

function optional<Name extends string, Value>(name: Name, value: Value | undefined): Partial<Record<Name, Value>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, Value>);
}

/** Lines for failures are few: `--json` has them all. */
const SHOWN = 20;

function swept(report: SweepReport, dryRun: boolean, hint: string | undefined): CommandOutcome {
  const { entries, objects, failed } = report;
  const nothing = entries === 0 && objects === 0;
  const done = nothing ? 'nothing to remove' : `${dryRun ? 'would remove' : 'removed'} ${sweptInWords(report)}`;
  const notes = failed.slice(0, SHOWN).map(({ path, code }) => `failed: ${path} (${code})`);
  if (failed.length > SHOWN) notes.push(`failed: ${failed.length - SHOWN} more (--json has them all)`);
  if (failed.length > 0) notes.push(`${count(failed.length, 'path')} could not be done; the next run tries again.`);
  if (hint !== undefined && !nothing) notes.push(hint);
  return { code: failed.length > 0 ? EXIT.failed : EXIT.ok, report: { dryRun, ...report }, lines: [done], notes };
}
