import type { IndexedJob, IndexedState } from '../../format/jobs/members.ts';
import { PREFIX } from '../../format/redis-keys.ts';
import { readRecordHead, RECORD_LETTER, recordJson } from '../../format/record-head.ts';
import type { MetastoreJobs, MetastoreSavings, SavedOnDay } from '../jobs.ts';
import { hasEnded, liveRecord, namesOf, peekScope, type MemorySpace, type ScopeHash } from './scope.ts';

/** Jobs of the memory metastore. It has no index: a look at every scope costs no round trip. */

const STATE: Readonly<Partial<Record<string, IndexedState>>> = {
  [RECORD_LETTER.submitting]: 'submitting',
  [RECORD_LETTER.submitted]: 'submitted',
  [RECORD_LETTER.ambiguous]: 'ambiguous',
  [RECORD_LETTER.failed]: 'failed',
};

/** The open jobs of a namespace. */
export function memoryJobs({ data, atomically }: MemorySpace): MetastoreJobs {
  return {
    async *open(states, call) {
      const jobs = await atomically(call, (now) =>
        [...data.scopes.keys()].flatMap((path) => {
          const hash = peekScope(data, path, now);
          return hash ? jobsIn(hash, path, now) : [];
        }),
      );
      yield jobs.filter(({ state }) => states.includes(state));
    },
    index: (_scope, _names, call) => atomically(call, () => undefined),
  };
}

function jobsIn(hash: ScopeHash, path: string, now: number): IndexedJob[] {
  const records = (hasEnded(hash, now) ? [] : namesOf(hash, PREFIX.record)).flatMap((name): IndexedJob[] => {
    const text = liveRecord(hash, name, now);
    const head = text === undefined ? undefined : readRecordHead(text);
    const state = head && STATE[head.letter];
    return text !== undefined && state ? [{ path, name, state, since: sinceOf(text, state, head.updatedAt) }] : [];
  });
  const orphans = namesOf(hash, PREFIX.orphan).map((name): IndexedJob => {
    return { path, name, state: 'orphan', since: Number.parseInt(hash.fields.get(PREFIX.orphan + name) ?? '0', 10) };
  });
  return [...records, ...orphans];
}

function sinceOf(text: string, state: IndexedState, updatedAt: number): number {
  if (state === 'failed') return updatedAt;
  try {
    return (JSON.parse(recordJson(text)) as { firstSentAt?: number }).firstSentAt ?? updatedAt;
  } catch {
    // Its reader says that it is damaged.
    return updatedAt;
  }
}

/** The savings of a namespace. */
export function memorySavings({ data, atomically }: MemorySpace): MetastoreSavings {
  const read = (day: string): SavedOnDay => data.savings.get(day) ?? { reconnects: 0, time: 0, costs: {} };
  return {
    add: (day, { time, cost }, call) =>
      atomically(call, () => {
        const before = read(day);
        const costs = cost && { [cost.currency]: (before.costs[cost.currency] ?? 0) + cost.amount };
        const after = { reconnects: before.reconnects + 1, time: before.time + Math.round(time) };
        data.savings.set(day, { ...after, costs: { ...before.costs, ...costs } });
      }),
    read: (day, call) => atomically(call, () => read(day)),
  };
}
