import { types } from 'node:util';
import { ExternalJobUnknownError, isMooringError } from '../../model/errors/store.ts';
import type { WriteId } from '../../format/write-id.ts';
import { resultName } from '../../format/path.ts';
import { countJobEnd } from '../../observe/telemetry.ts';
import { loadValue } from '../../state-store/read/load-value.ts';
import type { ValueAddress } from '../../state-store/objects/new-object.ts';
import { prepareSerialized, serializeValue, type Prepared } from '../../state-store/write/prepare-value.ts';
import type { ExternalId } from '../external-job.ts';
import type { Snapshot } from '../attempt/owned-scope.ts';
import { persist, superseded, type Persisted } from './persist.ts';
import { fieldsOf, firstSentAt, type HeldRecord, type RecordFields } from '../../format/record.ts';
import { contextOf } from './job-context.ts';
import { report } from '../attempt/report.ts';
import { at, callSystem, recordRetention, type Run } from './run.ts';

/**
 * The end of an external job. Its outcome is recorded before the run returns, since the runtime's own completion can still be
 * lost. A result is stored in the same step, under a key that users cannot reach.
 */

/**
 * Fetches the result of a job that succeeded, and records the success and the result. `undefined` if the record turned out to
 * hold something else.
 */
export async function finishSucceeded(run: Run, record: HeldRecord): Promise<{ result: unknown } | undefined> {
  const result = await getResult(run, record);
  await at(run, 'G10');
  const id = (await run.own.writer()).next();
  const prepared = await prepareResult(run, record, result, id);
  const fields: RecordFields = { ...endedFields(run, record), result: prepared.kind };
  const draft = { letter: 'o', submission: record.submission, fields, basis: record, id } as const;
  const { value } = prepared;
  const stored = value && {
    name: resultName(run.options.externalIdKey),
    put: value.put,
  };
  let reply: Persisted;
  try {
    reply = await persist(run, stored ? { ...draft, result: stored } : draft, 'lock');
  } catch (error) {
    if (isMooringError(error) && error.code === 'mooring.store-unavailable') await value?.discard();
    throw error;
  }
  // The record may refer to the object already, or may have when another attempt read it.
  if (reply.kind !== 'ok' && reply.definite) await value?.discard();
  return (await isWritten(run, record, reply)) ? { result } : undefined;
}

/**
 * Records that a job failed, and throws what `errorOf` makes of that. The attempt counts as failed even if nobody knows whether
 * the failure was recorded: the next attempt may read it. Resolves if the record turned out to hold something else.
 */
export async function finishFailed(
  run: Run,
  record: HeldRecord,
  status: { reason: unknown; retryable?: boolean },
  errorOf: (failed: HeldRecord) => Error,
): Promise<void> {
  await at(run, 'G10');
  const { reason, retryable = true } = status;
  const fields: RecordFields = { ...endedFields(run, record), reason: String(reason).slice(0, LONGEST_REASON), retryable };
  const error = errorOf({ ...record, ...fields });
  const draft = { letter: 'f', submission: record.submission, fields, basis: record } as const;
  const reply = await persist(run, draft, 'lock').catch((outage: unknown) => {
    if (isMooringError(outage) && outage.code === 'mooring.outcome-unknown') run.life.fail(error);
    throw outage;
  });
  if (!(await isWritten(run, record, reply))) return;
  run.life.fail(error);
  throw error;
}

const LONGEST_REASON = 1_000;

/** The fields of an end, with its owner if another job of the runtime opened the submission. */
function endedFields({ attempt }: Run, record: HeldRecord): RecordFields {
  const { unknownSince: _, ...fields } = fieldsOf(record);
  return { ...fields, ...(record.job !== attempt.job && { endedBy: attempt.job }) };
}

/** False: the record turned out to hold something else. */
async function isWritten(run: Run, record: HeldRecord, reply: Persisted): Promise<boolean> {
  if (reply.kind === 'changed') return false;
  const { externalId, idempotencyKey, submission } = record;
  if (reply.kind !== 'ok') return superseded(run, reply, { externalId, idempotencyKey, submission });
  const state = reply.record.letter === 'o' ? 'succeeded' : 'failed';
  report(run, record, { state });
  countJobEnd(run.options.name, state, run.own.now() - firstSentAt(record));
  run.life.log.info({ ...run.about, externalId }, state);
  await at(run, 'G11');
  return true;
}

/** The object is gone, or `maxValueBytes` was lowered: the external system may still have the result. */
const CANNOT_BE_HAD: readonly string[] = ['mooring.missing-object', 'mooring.value-too-large'];

/** The stored result, or the one that is fetched again. */
export async function recordedResult(run: Run, record: HeldRecord, raw: Snapshot['result']): Promise<unknown> {
  if (record.result === 'none') return undefined;
  if ((record.result === 'stored' || record.result === 'buffer') && raw) {
    const reread = async (): Promise<Snapshot['result']> => (await run.own.read(run.options.recordName)).result;
    try {
      const source = { core: run.core, address: resultAddress(run), call: { signal: run.signal }, reread };
      const loaded = await run.core.track(() => loadValue(source, raw));
      if (loaded) return record.result === 'buffer' ? asBuffer(loaded.value) : loaded.value;
    } catch (error) {
      if (!run.job.getResult || !isMooringError(error) || !CANNOT_BE_HAD.includes(error.code)) throw error;
      run.life.log.warn({ ...run.about, err: error }, 'the stored result cannot be had; asking the external system again');
    }
  }
  return getResult(run, record);
}

async function getResult(run: Run, record: HeldRecord): Promise<unknown> {
  const { externalId } = record;
  // Also of a run that was stopped meanwhile: there is nobody to call.
  if (!run.job.getResult) return undefined;
  const late = (text: string): Error => new ExternalJobUnknownError(externalId, `getResult gave ${text}`, run.where);
  const fetch = async (signal: AbortSignal): Promise<unknown> =>
    run.job.getResult?.(externalId as ExternalId, contextOf(run, record, signal));
  return callSystem(run, fetch, late);
}

function resultAddress({ own, options, where }: Run): ValueAddress {
  return { path: own.address.path, name: resultName(options.externalIdKey), key: options.externalIdKey, scope: where.scope };
}

type PreparedResult = { kind: NonNullable<RecordFields['result']>; value?: Prepared };

/** A result that JSON would change, or that is too large, is not stored but fetched again. */
async function prepareResult(run: Run, record: HeldRecord, result: unknown, id: WriteId): Promise<PreparedResult> {
  const { core, own, options, where } = run;
  if (result === undefined) return { kind: 'none' };
  if (!options.rememberResult || result === null) return { kind: 'ask' };
  let serialized;
  try {
    serialized = serializeValue(core, where, result);
  } catch (err) {
    const { externalId } = record;
    run.life.log.warn({ ...run.about, externalId, err }, 'the result cannot be stored; a later attempt asks for it again');
    return { kind: 'ask' };
  }
  // A superseded attempt puts no object.
  if (core.objectStore && serialized.size >= core.offloadThreshold) await own.read(options.recordName);
  const call = { signal: run.signal };
  const put = { core, address: resultAddress(run), id, by: where.scope, retention: recordRetention(core), call };
  const value = await core.track(() => prepareSerialized(put, serialized));
  return { kind: Buffer.isBuffer(result) ? 'buffer' : 'stored', value };
}

/** Stored bytes are read as a `Uint8Array`, which lacks the methods of a `Buffer`. */
function asBuffer(value: unknown): unknown {
  return types.isUint8Array(value) ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
}
