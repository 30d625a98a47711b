import type { JobRecord, JobRecords, JobState } from '../../../index.ts';
import { readQueue, type Address } from '../../address/address.ts';
import { isMeant, queryOf } from '../../address/match.ts';
import { OPEN_STATES } from '../../address/states.ts';
import { readCount, readDuration, type Flag, type Given } from '../../flags.ts';
import { UsageError } from '../../usage-error.ts';

/** Which jobs are listed. */

const STATES: readonly JobState[] = [...OPEN_STATES, 'succeeded'];
const LIMIT = 1_000;

/** The flags that choose. */
export const FILTER_FLAGS: Readonly<
  Record<'state' | 'all' | 'queue' | 'prefix' | 'workflow' | 'name' | 'older-than' | 'limit', Flag>
> = {
  state: {
    value: 'STATES',
    words: STATES,
    holds: `${STATES.slice(0, 4).join(', ')} or succeeded; several with commas (the first four)`,
  },
  all: { holds: 'succeeded ones too, which looks through the whole namespace' },
  queue: { value: 'NAME', holds: 'only jobs of this queue' },
  prefix: { value: 'PREFIX', holds: 'the prefix of the queue (bull)' },
  workflow: { value: 'ID', holds: 'only jobs of this workflow' },
  name: { value: 'NAME', holds: 'only external jobs of this name' },
  'older-than': { value: 'TIME', holds: 'only jobs that have been in their state for longer' },
  limit: { value: 'COUNT', holds: `show so many at most (${LIMIT})` },
};

/** What is listed. */
export interface JobsQuery {
  readonly records: Omit<NonNullable<Parameters<JobRecords['list']>[0]>, 'signal'>;
  /** Whether no index has them all. */
  readonly scans: boolean;
  readonly limit: number;
  isWanted(record: JobRecord): boolean;
}

/**
 * Reads the filters.
 *
 * @throws {@link UsageError}
 */
export function readQuery(given: Given): JobsQuery {
  const [queue, prefix, workflow, name] = ['queue', 'prefix', 'workflow', 'name'].map((flag) => given.text(flag));
  if (queue !== undefined && workflow !== undefined) throw new UsageError('--queue and --workflow exclude each other');
  if (prefix !== undefined && queue === undefined) throw new UsageError('--prefix needs --queue');
  const state = readStates(given);
  const olderThan = readDuration('older-than', given.text('older-than'));
  const address: Address | undefined =
    workflow === undefined ? undefined : { kind: 'workflow', workflow, activity: undefined, key: undefined };
  return {
    records: {
      state,
      ...(queue !== undefined && { flow: readQueue(queue, prefix) }),
      ...(address && queryOf(address)),
      ...(name !== undefined && { name }),
      ...(olderThan !== undefined && { olderThan }),
    },
    scans: state.includes('succeeded'),
    limit: readCount('limit', given.text('limit')) ?? LIMIT,
    isWanted: (record) => address === undefined || isMeant(address, record),
  };
}

function readStates(given: Given): readonly JobState[] {
  const text = given.text('state');
  if (text === undefined) return given.has('all') ? STATES : OPEN_STATES;
  if (given.has('all')) throw new UsageError('--state and --all exclude each other');
  return text.split(',').map((word) => {
    const state = STATES.find((known) => known === word.trim());
    if (state === undefined) throw new UsageError(`--state knows ${STATES.join(', ')}, not ${JSON.stringify(word.slice(0, 40))}`);
    return state;
  });
}
