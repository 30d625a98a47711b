import { ADDRESS_FLAGS, readAddressed, type Address } from '../../address/address.ts';
import { nameOf } from '../../address/name.ts';
import { recordAt } from '../../address/records.ts';
import type { StoreCommand, StoreWork } from '../../command.ts';
import type { Flags, Given } from '../../flags.ts';
import { EXIT, type CommandOutcome } from '../../outcome.ts';
import { placeOf, QUEUE_FLAG } from '../../queue/place.ts';
import { currentScope } from '../../queue/current.ts';
import { withRetry, type Retried } from '../../queue/retry.ts';
import { RefusedError } from '../refused.ts';
import { ConfigError, jobRecords, type JobRecord, type JobRecords, type StateStore } from '../../../index.ts';

/** What the three answers to a record have in common: find the record, answer, retry the job or say how. */

/** An answer. */
export interface PersonsAnswer {
  readonly kind: 'adopted' | 'not-submitted' | 'reopened';
  /** The states that it is for. */
  readonly states: readonly JobRecord['state'][];
  /** Refuses what is certainly a mistake. @throws `RefusedError`, `UsageError` */
  check?(record: JobRecord): void;
  give(records: JobRecords, record: JobRecord, call: { signal: AbortSignal }): Promise<void>;
  /** What was done, and what happens next. */
  inWords(record: JobRecord, named: string): string;
}

/** The flags of all answers. */
export const ANSWER_FLAGS: Flags = {
  ...ADDRESS_FLAGS,
  ...QUEUE_FLAG,
  retry: { holds: 'then let the job run: a failed job of BullMQ is retried, a delayed one promoted' },
};

/** The plan of a command that answers. `read` takes the words after the address. */
export function answering(given: Given, read: (rest: readonly string[]) => PersonsAnswer): ReturnType<StoreCommand['plan']> {
  const { address, rest } = readAddressed(given);
  const answer = read(rest);
  return (store, work) => giveAnswer(store, work, { address, answer, retry: given.has('retry'), queue: given.text('queue') });
}

async function giveAnswer(
  store: StateStore,
  work: StoreWork,
  { address, answer, retry, queue }: { address: Address; answer: PersonsAnswer; retry: boolean; queue: string | undefined },
): Promise<CommandOutcome> {
  const { signal } = work;
  const record = await recordAt(store, address, { signal, current: (of) => currentScope(of, work) });
  const named = nameOf(record.scope, record.externalIdKey);
  requireState(record, named, answer.states);
  answer.check?.(record);
  const give = (): Promise<void> => answer.give(jobRecords(store), record, { signal }).catch(inWords);
  const place = placeOf(record.scope, { job: record.job, queue });
  const retried = retry ? (await withRetry(place, work, give)).retried : await give();
  const hint =
    place?.runtime === 'bullmq' ? `If the job has failed in its queue: mooring retry ${nameOf(record.scope)}` : undefined;
  return {
    code: retried && !retried.isOver ? EXIT.failed : EXIT.ok,
    report: {
      answer: answer.kind,
      scope: record.scope,
      submission: record.submission,
      ...(retried && { retried: retried.outcome }),
    },
    lines: [answer.inWords(record, named), ...(retried ? [lineOf(retried)] : [])],
    notes: retried || hint === undefined ? [] : [hint],
  };
}

/** @throws {@link RefusedError} if the request may still be on its way: the core says until when, by the clock of the store. */
function inWords(error: unknown): never {
  const until =
    error instanceof ConfigError && error.option === 'record' ? /\d{4}-[\d:.T-]+Z/.exec(error.message)?.[0] : undefined;
  if (until === undefined) throw error;
  throw new RefusedError(`the request may be on its way until ${until}: answer after that`);
}

function lineOf({ outcome, line }: Retried): string {
  return outcome === 'by-hand' ? `the answer is given, but nothing was retried. ${line}` : line;
}

/** @throws {@link RefusedError} */
function requireState(record: JobRecord, named: string, states: readonly JobRecord['state'][]): void {
  if (!states.includes(record.state)) {
    throw new RefusedError(
      `the external job of ${named} is ${record.state}: only one that is ${states.join(' or ')} is answered so`,
    );
  }
}
