import { concurrently } from '../../async/concurrency.ts';
import { requireCall, type CallOptions } from '../../async/deadline.ts';
import { JOB_RANK, type IndexedState } from '../../format/jobs/members.ts';
import { decodeSegment } from '../../format/path.ts';
import { ConfigError } from '../../model/errors/store.ts';
import type { Internals } from '../../state-store/internals.ts';
import type { DailySavings, JobCount, SavingsOptions } from './record.ts';

/** How many jobs are open or wait for a person, by the index alone; and what was not run twice. */

const INDEXED = Object.keys(JOB_RANK) as readonly IndexedState[];

/** Counts the jobs that the index names, by flow and state. */
export async function summaryOf(core: Internals, call: CallOptions): Promise<readonly JobCount[]> {
  requireCall(call);
  return core.track(async () => {
    const counts = new Map<string, { flow: string; state: IndexedState; count: number; oldest: number }>();
    for await (const page of core.metastore.jobs.open(INDEXED, call)) {
      for (const { path, state, since } of page) {
        const flow = path.slice(0, path.indexOf('/'));
        const key = `${state} ${flow}`;
        const counted = counts.get(key) ?? { flow: decodeSegment(flow) ?? flow, state, count: 0, oldest: since };
        counts.set(key, { ...counted, count: counted.count + 1, oldest: Math.min(counted.oldest, since) });
      }
    }
    return [...counts.values()].map((one) => ({ ...one, oldest: new Date(one.oldest) }));
  });
}

const DAY = 24 * 3_600_000;
const HOUR = 3_600_000;
const DAYS = 30;
const MOST_DAYS = 400;
const AT_ONCE = 32;

/** What was not run twice, on the last days, oldest first. */
export async function savingsOf(core: Internals, options: SavingsOptions): Promise<readonly DailySavings[]> {
  requireCall(options, { signal: true, days: true });
  const { days = DAYS, ...call } = options;
  if (!Number.isSafeInteger(days) || days < 1 || days > MOST_DAYS) {
    throw new ConfigError('days', `must be a whole number from 1 to ${MOST_DAYS}`, days);
  }
  return core.track(async () => {
    const today = await core.metastore.now(call);
    const dates = Array.from({ length: days }, (_, at) => new Date(today - (days - 1 - at) * DAY).toISOString().slice(0, 10));
    return concurrently(
      dates,
      async (day) => {
        const { reconnects, time, costs } = await core.metastore.savings.read(day, call);
        return { day, reconnects, hours: time / HOUR, costs };
      },
      AT_ONCE,
    );
  });
}
