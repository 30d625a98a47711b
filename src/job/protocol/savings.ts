import { firstSentAt, type StoredRecord } from '../../format/record.ts';
import { parseWriteId } from '../../format/write-id.ts';
import { countReconnect } from '../../observe/telemetry.ts';
import type { Run } from './run.ts';

/** Counts the work of external jobs that an attempt did not start again. */

const HOUR = 3_600_000;

/**
 * An attempt found the job of an earlier one. Without its record it would have submitted the work again. What was saved is the time
 * that the job had run by then. An attempt that was handed back and returns has saved nothing. If it may be handed back, a job that
 * it finds succeeded is not counted: nobody knows how often it has found it before.
 */
export function countSaving(run: Run, record: StoredRecord): void {
  const { attempt, core, own, life, about, history } = run;
  const { recordName } = run.options;
  // A submit and a run of one attempt have found the job once.
  if (own.found.has(recordName)) return;
  own.found.add(recordName);
  if (parseWriteId(record.version)?.nonce === own.nonce || history.released()) return;
  // An attempt that releases starts from its top each time, and meets what had succeeded before again and again.
  if (record.letter === 'o' && (attempt.wait.mode === 'release' || run.wait.mode === 'release')) return;
  const now = own.now();
  const until = record.letter === 'o' ? record.updatedAt : now;
  const time = Math.max(0, until - firstSentAt(record));
  countReconnect(run.options.name, time);
  const { costPerHour } = record.shown ?? {};
  const cost = costPerHour && { amount: (costPerHour.amount * time) / HOUR, currency: costPerHour.currency };
  const day = new Date(now).toISOString().slice(0, 10);
  // No job waits for a statistic.
  core
    .track(() => core.metastore.savings.add(day, { time, cost }, {}))
    .catch((err: unknown) => life.log.debug({ ...about, err }, 'what was saved was not counted'));
}
