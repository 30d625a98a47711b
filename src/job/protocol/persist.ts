import { stopwatch } from '../../async/clock.ts';
import { OutcomeUnknownError } from '../../model/errors/store.ts';
import { parseWriteId, writeIdText, type WriteId } from '../../format/write-id.ts';
import type { RecordReply, RecordWrite } from '../../metastore/metastore.ts';
import { holdsId, NO_ID, type RecordLetter } from '../../format/record-head.ts';
import { reasonOf } from '../../model/reason.ts';
import type { JsonValue } from '../../model/storable.ts';
import { isOutage } from '../../model/errors/outage.ts';
import { idDigest, storedRecord, type OrphanFields, type RecordFields, type StoredRecord } from '../../format/record.ts';
import { withHistory } from '../../format/jobs/history.ts';
import type { AttemptEvent } from './history.ts';
import { recordRetention, type Run } from './run.ts';

/**
 * Writes of a record that survive an outage. A write is sent again with the same write ID, so that it happens once. After a lost
 * answer the record is read first, since a refusal of a resend says nothing.
 */

/** A write before it is sent. */
export interface RecordDraft {
  letter: RecordLetter;
  submission: number;
  /** A withdrawal only restores what came before. */
  fields: RecordFields | Pick<RecordFields, 'previous' | 'known' | 'refused'>;
  /** The record as this attempt last saw it. */
  basis: Pick<StoredRecord, 'version'> | undefined;
  withdraw?: boolean;
  /** The external job that a `submitting` replaces. */
  replaces?: OrphanFields | undefined;
  result?: RecordWrite['result'];
  /** A value that was prepared before, such as the result that goes with the record. */
  id?: WriteId;
}

/**
 * How long to try. `life`: as long as the attempt lives, since an ID must not be lost. `lock`: for a limited time, since another
 * attempt can do it again.
 */
export type Patience = 'life' | 'lock';

/**
 * The written record, or why it was refused. `definite`: no earlier send can have been applied. Otherwise the record may have
 * held this write, and somebody may have read it.
 */
export type Persisted =
  | { kind: 'ok'; record: StoredRecord }
  | { kind: Exclude<RecordReply['kind'], 'ok'>; definite: boolean; holder?: string | undefined };

/** What a write of a letter is in the history. */
const EVENT: Readonly<Partial<Record<RecordLetter, AttemptEvent>>> = { o: 'succeeded', f: 'failed', a: 'ambiguous' };

/**
 * Writes a record.
 *
 * @throws {@link StoreUnavailableError} {@link OutcomeUnknownError} once the patience is over.
 */
export async function persist(run: Run, draft: RecordDraft, patience: Patience): Promise<Persisted> {
  const { letter, submission } = draft;
  const ended = EVENT[letter];
  if (ended) run.history.note(ended, submission);
  const id = draft.id ?? (await run.own.writer()).next();
  const fields = { ...draft.fields, ...keyOfDigest(run) };
  const externalId = 'externalId' in fields ? fields.externalId : undefined;
  const write: Omit<RecordWrite, 'resent'> = {
    id,
    name: run.options.recordName,
    letter,
    submission,
    idDigest: externalId === undefined ? NO_ID : idDigest(externalId),
    json: withHistory(JSON.stringify(fields), run.history.text()),
    since: 'firstSentAt' in fields && letter !== 'f' ? fields.firstSentAt : undefined,
    // A record that waits for a person does not expire before the answer.
    retention: letter === 'a' ? 'forever' : recordRetention(run.core),
    basis: draft.basis?.version,
    withdraw: draft.withdraw ?? false,
    ...(draft.replaces && { replaces: orphanOf(run, draft.replaces) }),
    ...(draft.result && { result: draft.result }),
  };
  const { core, own } = run;
  const { reply, definite } = await outlasting(run, patience, externalId, async (resent, lost) => {
    const found = needsReading(lost, write) ? await settled(run, write) : undefined;
    const reply = found ?? (await core.track(() => core.metastore.records.write(own.address, { ...write, resent }, {})));
    return { reply, definite: lost === undefined };
  });
  if (reply.kind === 'stale') return { kind: reply.kind, definite, holder: reply.holder };
  if (reply.kind !== 'ok') return { kind: reply.kind, definite };
  own.told(reply.now);
  run.history.saved();
  const { version, updatedAt, expiresAt } = reply;
  const all = { idempotencyKey: '', submitTimeout: 0, findLag: 0, ...fields };
  const history = run.history.text();
  return { kind: 'ok', record: storedRecord({ letter, version, updatedAt, expiresAt, submission, history }, all) };
}

/** A write that too few replicas confirmed is sent again, which waits for them again. For `submitted` only the ID counts. */
function needsReading(lost: OutcomeUnknownError | undefined, { letter, withdraw }: Omit<RecordWrite, 'resent'>): boolean {
  return lost !== undefined && (lost.reason === 'no-answer' || letter === 'e' || withdraw);
}

/** After a lost answer: whether the write was applied, or cannot be applied any more. `undefined`: it may be sent again. */
async function settled(run: Run, write: Omit<RecordWrite, 'resent'>): Promise<RecordReply | undefined> {
  const seen = await run.own.look(write.name);
  if (seen.kind === 'stale') return seen;
  const current = seen.record;
  if (current?.version === writeIdText(write.id)) {
    const { version, updatedAt, expiresAt } = current;
    return { kind: 'ok', now: run.own.now(), version, updatedAt, expiresAt };
  }
  const by = current && parseWriteId(current.version);
  if (by && (by.fence > write.id.fence || (by.fence === write.id.fence && by.nonce !== write.id.nonce))) return { kind: 'stale' };
  if (!holdsId(write.letter)) return current?.version === write.basis ? undefined : { kind: 'changed' };
  if (!current || !holdsId(current.letter)) return undefined;
  const other = current.externalId === undefined || idDigest(current.externalId) !== write.idDigest;
  return other || (write.letter === 'e' && current.letter !== 'e') ? { kind: 'changed' } : undefined;
}

const BACKOFF = { from: 100, to: 5_000 };

/**
 * Retries a write while the store is unavailable, until the patience is over. If only this attempt knows an ID, every failure to
 * write it counts as an outage. Access and servers can be repaired while the process lives.
 *
 * @param write - Is told whether it is a further try, and why nobody knows whether an earlier one was applied, or how durably.
 * `undefined`: none was.
 * @throws any error that is not an outage, and the outage once the patience is over.
 */
async function outlasting<T>(
  { core, life, about, attempt }: Run,
  patience: Patience,
  externalId: JsonValue | undefined,
  write: (again: boolean, lost: OutcomeUnknownError | undefined) => Promise<T>,
): Promise<T> {
  let elapsed: (() => number) | undefined;
  let sinceEnd: (() => number) | undefined;
  let lost: OutcomeUnknownError | undefined;
  const isOver = (): boolean => {
    // Counted from the first failure, so that a slow write gets one more try.
    elapsed ??= stopwatch(core.clock);
    if (patience === 'lock' && elapsed() > attempt.patience) return true;
    // The attempt is over. An ID that it alone knows gets the time of one more command.
    if (life.signal.aborted) sinceEnd ??= stopwatch(core.clock);
    return sinceEnd !== undefined && sinceEnd() > core.commandTimeout;
  };
  for (let failures = 0; ;) {
    try {
      return await write(failures > 0, lost);
    } catch (error) {
      if (patience === 'lock' && !isOutage(error)) throw error;
      failures += 1;
      if (isOutage(error) && error.code === 'mooring.outcome-unknown') lost = error;
      const told = { ...about, failures, ...(externalId !== undefined && { externalId }) };
      if (isOver()) {
        const cause = lost ?? error;
        if (patience === 'lock' || externalId === undefined) throw cause;
        // An ID that only this attempt knows goes into the error, and into the log in case somebody swallows the error.
        life.log.error({ ...told, err: cause }, 'given up: the external ID could not be written down');
        const text = `external job ${JSON.stringify(externalId)} could not be written down: ${reasonOf(cause)}`;
        throw new OutcomeUnknownError('no-answer', text, { ...about, store: core.metastore.name, externalId, cause });
      }
      life.log.warn({ ...told, err: error }, 'the record could not be written yet');
      const ms = Math.min(BACKOFF.to, BACKOFF.from * 2 ** (failures - 1));
      const [pause, signal] = life.signal.aborted ? [BACKOFF.from, undefined] : [ms, life.signal];
      await core.clock.sleep(pause, signal).catch(() => undefined);
    }
  }
}

/**
 * Ends an attempt that was superseded. If it holds an external job that the record does not hold, the job is listed as an orphan.
 * It is never cancelled: the record may have been rolled back, and may hold the job later.
 *
 * @throws {@link StaleAttemptError} always.
 */
export async function superseded(
  run: Run,
  { holder }: { holder?: string | undefined },
  job?: Required<Pick<OrphanFields, 'externalId' | 'idempotencyKey' | 'submission'>>,
): Promise<never> {
  const { core, own, where } = run;
  core.emit({ type: 'stale-write', scope: where.scope, key: where.key });
  if (job) await listOrphan(run, job);
  throw own.refused(where, holder ?? 'another attempt, or the record holds another external job');
}

async function listOrphan(run: Run, job: OrphanFields): Promise<void> {
  const { core, own, life, where, about } = run;
  const { externalId } = job;
  const orphan = { name: run.options.recordName, ...orphanOf(run, job) };
  const list = (): Promise<unknown> => core.track(() => core.metastore.orphans.add(own.address, orphan, {}));
  if ((await outlasting(run, 'life', externalId, list)) === 'held') return;
  core.emit({ type: 'orphan', scope: where.scope, key: where.key });
  life.log.warn({ ...about, externalId }, 'superseded: the external job is listed as an orphan');
}

function orphanOf(run: Run, job: OrphanFields): { idDigest: string; json: string } {
  return { idDigest: idDigest(job.externalId), json: JSON.stringify({ ...job, ...keyOfDigest(run) }) };
}

/** If the record's name is a digest, the JSON holds the original text. */
function keyOfDigest({ options }: Run): { key?: string } {
  return options.recordName.startsWith('sha256=') ? { key: options.externalIdKey } : {};
}
