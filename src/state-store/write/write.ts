import type { CallOptions } from '../../async/deadline.ts';
import type { EntryMeta } from '../../format/entry.ts';
import { NEVER } from '../../format/head.ts';
import { StoreUnavailableError, type ErrorContext } from '../../model/errors/store.ts';
import { writeIdText, type Version } from '../../format/write-id.ts';
import { holderOf, type ValueWrite, type WriteReply } from '../../metastore/metastore.ts';
import type { RetentionMs } from '../../model/retention.ts';
import { isTaskScope } from '../../model/scope.ts';
import type { SerializedValue } from '../../format/serializer.ts';
import { concurrently } from '../../async/concurrency.ts';
import type { CheckedKey, HandleParts } from '../handle/deps.ts';
import { lateWrite, prepareStream } from './prepare-stream.ts';
import { prepareSerialized, type Prepared } from './prepare-value.ts';
import { sendTwice } from './send-twice.ts';

/**
 * Writing: prepare every value, then switch all of them in one step of the metastore. A definite refusal deletes what was
 * prepared; where the answer is lost, the objects stay, since the entries may refer to them.
 */

/** What a write puts: a value that is serialized, or a stream that will be read once. */
export type Content = SerializedValue | { type: 'stream'; body: AsyncIterable<Uint8Array> };

/** One key of a write, checked. */
export interface Draft extends CheckedKey {
  /** Absent: delete. */
  put?: { value: Content; retention: RetentionMs };
  expect?: Version | 'absent';
}

/** What was written for one key. */
export interface WrittenEntry {
  updatedAt: number;
  expiresAt: number;
  meta: EntryMeta;
}

/**
 * How a write ended, where that is for the caller to judge. `old`: a later write of this same writer is there already, so
 * nothing was written; without a comparison that is the same as having been overwritten.
 */
export type Written =
  | { kind: 'ok' | 'old'; version: Version; entries: readonly WrittenEntry[] }
  | { kind: 'conflict'; key: string; current: Version | 'absent' };

const NOTHING: EntryMeta = { type: 'json', size: 0 };

/**
 * Writes all or none.
 *
 * @throws {@link StaleAttemptError} {@link StoreUnavailableError} `OutcomeUnknownError`, `CodecUnavailableError`
 */
export async function write(parts: HandleParts, drafts: readonly Draft[], call: CallOptions): Promise<Written> {
  const { core, place, access } = parts;
  const where: ErrorContext = { scope: place.scope, ...(drafts.length === 1 && { key: drafts[0]?.key }) };
  const writer = await access.writer(call);
  const began = await core.metastore.now(call);
  const id = writer.next();
  const prepared = await prepareAll(drafts, ({ key, name, put }) => {
    if (!put) return undefined;
    const address = { path: place.address.path, name, key, scope: place.scope };
    const terms = { id, by: access.by, retention: put.retention };
    if (put.value.type !== 'stream') return prepareSerialized(core, address, put.value, terms, call);
    return prepareStream(core, address, put.value.body, terms, () => access.writer(call), call);
  });
  const discard = async (): Promise<void> => {
    await concurrently(prepared, async (value) => value?.discard());
  };
  const request: ValueWrite = {
    id,
    fenced: access.fenced && isTaskScope(place.scope),
    began,
    changes: drafts.map(({ name, put, expect }, index) => {
      const value = prepared[index];
      return {
        name,
        ...(put && value && { put: { meta: value.meta, body: value.body, retention: put.retention } }),
        ...(expect !== undefined && { expect }),
      };
    }),
    resent: false,
  };
  const repeatable = request.fenced || request.changes.every(({ expect }) => expect !== undefined);

  let reply: WriteReply;
  if (call.signal?.aborted) {
    await discard();
    throw call.signal.reason;
  }
  await core.writePoint?.('before-commit');
  try {
    reply = await sendTwice(core, call, repeatable, (resent, within) =>
      core.metastore.write(place.address, { ...request, resent }, within),
    );
  } catch (error) {
    if (error instanceof StoreUnavailableError) await discard();
    throw error;
  }
  await core.writePoint?.('after-commit');
  if (reply.kind === 'ok') return { kind: 'ok', version: writeIdText(id), entries: written(prepared, reply.entries) };
  await discard();
  switch (reply.kind) {
    case 'old':
      return {
        kind: 'old',
        version: writeIdText(id),
        entries: written(
          prepared,
          drafts.map(({ put }) => lifetime(began, put)),
        ),
      };
    case 'conflict': {
      const { name, current } = reply;
      return { kind: 'conflict', key: drafts.find((draft) => draft.name === name)?.key ?? name, current };
    }
    case 'stale': {
      core.emit({ type: 'stale-write', scope: place.scope, key: drafts[0]?.key ?? '' });
      throw access.refused(where, holderOf(reply));
    }
    case 'late':
      throw lateWrite(where);
  }
}

/** Prepares each draft; where one fails, none is left behind. */
async function prepareAll(
  drafts: readonly Draft[],
  prepare: (draft: Draft) => Promise<Prepared> | undefined,
): Promise<(Prepared | undefined)[]> {
  const done: Prepared[] = [];
  try {
    return await concurrently(drafts, async (draft) => {
      const value = await prepare(draft);
      if (value) done.push(value);
      return value;
    });
  } catch (error) {
    await concurrently(done, (value) => value.discard());
    throw error;
  }
}

function written(
  prepared: readonly (Prepared | undefined)[],
  times: readonly { updatedAt: number; expiresAt: number }[],
): WrittenEntry[] {
  return times.map(({ updatedAt, expiresAt }, index) => ({ updatedAt, expiresAt, meta: prepared[index]?.meta ?? NOTHING }));
}

function lifetime(began: number, put: Draft['put']): { updatedAt: number; expiresAt: number } {
  return { updatedAt: began, expiresAt: !put || put.retention === 'forever' ? NEVER : began + put.retention };
}
