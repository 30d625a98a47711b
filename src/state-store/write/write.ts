import { abortController, joined } from '../../async/abort.ts';
import { stopwatch } from '../../async/clock.ts';
import type { CallOptions } from '../../async/deadline.ts';
import { expiryOf } from '../../format/head.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../../model/errors/store.ts';
import { writeIdText, type Version, type WriteId } from '../../format/write-id.ts';
import { holderOf, type ValueWrite, type WriteReply } from '../../metastore/metastore.ts';
import type { RetentionMs } from '../../model/retention.ts';
import type { SerializedValue } from '../../format/serializer.ts';
import { concurrently } from '../../async/concurrency.ts';
import { publicEntry, type HandleDeps } from '../handle/deps.ts';
import type { Internals } from '../internals.ts';
import type { ValueAddress } from '../objects/new-object.ts';
import type { Entry } from '../state-handle.ts';
import { noteWrite, plainWritesBefore } from './plain-writes.ts';
import { lateWrite, prepareStream } from './prepare-stream.ts';
import { prepareSerialized, type Prepared } from './prepare-value.ts';

/**
 * Writing prepares every value, then switches all of them in one step of the metastore. A definite refusal deletes what was
 * prepared. If the answer is lost, the objects stay, since the entries may refer to them.
 */

/** What a write puts: a serialized value, or a stream that will be read once. */
export type Content = SerializedValue | { type: 'stream'; body: AsyncIterable<Uint8Array> };

/** One key of a write, checked. */
export interface Draft {
  readonly address: ValueAddress;
  /** `undefined`: delete. */
  readonly put: { readonly value: Content; readonly retention: RetentionMs } | undefined;
  /** Compare first; `undefined`: do not. */
  readonly expect: Version | 'absent' | undefined;
}

/**
 * How a write ended, if the caller has to judge that. `old`: a later write of the same writer is there already, so nothing was
 * written. Without a comparison that is the same as having been overwritten.
 */
export type Written = Settled | { kind: 'conflict'; current: Version | 'absent' };

interface Settled {
  kind: 'ok' | 'old';
  id: WriteId;
  updatedAt: number;
  drafts: readonly Draft[];
  prepared: readonly (Prepared | undefined)[];
}

/**
 * Writes all or none.
 *
 * @throws {@link StaleAttemptError} {@link StoreUnavailableError} `OutcomeUnknownError`, `CodecUnavailableError`
 */
export async function write(deps: HandleDeps, drafts: readonly Draft[], call: CallOptions): Promise<Written> {
  const { core, access } = deps;
  const writer = await access.writer(call);
  const began = await core.metastore.now(call);
  const before = (): Promise<unknown> | undefined => plainWritesBefore(writer, drafts, call.signal);
  for (let waited = before(); waited; waited = before()) await waited;
  // At once: until it is numbered, another plain write may be.
  const id = writer.next();
  const ended = noteWrite(writer, drafts);
  try {
    return await writeAs(deps, drafts, { id, began }, call);
  } finally {
    ended();
  }
}

async function writeAs(
  deps: HandleDeps,
  drafts: readonly Draft[],
  { id, began }: Pick<ValueWrite, 'id' | 'began'>,
  call: CallOptions,
): Promise<Written> {
  const { core, scope, address, access, fenced } = deps;
  const [first] = drafts;
  const prepared =
    first && drafts.length === 1 ? [await prepare(deps, first, id, call)] : await prepareAll(deps, drafts, id, call);
  const discard = (): Promise<unknown> => concurrently(prepared, async (value) => value?.discard());
  const changes = drafts.map(({ address: { name }, expect }, index) => ({ name, put: prepared[index]?.put, expect }));
  const request: ValueWrite = { id, fenced, began, changes, resent: false };
  const repeatable = fenced || drafts.every(({ expect }) => expect !== undefined);

  if (call.signal?.aborted) {
    await discard();
    throw call.signal.reason;
  }
  if (core.writePoint) await core.writePoint('before-commit');
  let reply: WriteReply;
  try {
    reply = await sendTwice(core, call, repeatable, (resent, within) =>
      core.metastore.values.write(address, resent ? { ...request, resent } : request, within),
    );
  } catch (error) {
    if (error instanceof StoreUnavailableError) await discard();
    throw error;
  }
  if (core.writePoint) await core.writePoint('after-commit');
  if (reply.kind === 'ok') return { kind: 'ok', id, updatedAt: reply.now, drafts, prepared };
  const key = first?.address.key;
  const where = { scope, ...(drafts.length === 1 && { key }) };
  await discard();
  switch (reply.kind) {
    case 'old':
      return { kind: 'old', id, updatedAt: began, drafts, prepared };
    case 'conflict':
      return { kind: 'conflict', current: reply.current };
    case 'stale':
      core.emit({ type: 'stale-write', scope, key: key ?? '' });
      throw access.refused(where, holderOf(reply));
    case 'late':
      throw lateWrite(where);
  }
}

/** Prepares each draft; if one fails, none is left behind. */
async function prepareAll(
  deps: HandleDeps,
  drafts: readonly Draft[],
  id: WriteId,
  call: CallOptions,
): Promise<(Prepared | undefined)[]> {
  const done: Prepared[] = [];
  try {
    return await concurrently(drafts, async (draft) => {
      const value = await prepare(deps, draft, id, call);
      if (value) done.push(value);
      return value;
    });
  } catch (error) {
    await concurrently(done, (value) => value.discard());
    throw error;
  }
}

function prepare(
  { core, access }: HandleDeps,
  draft: Draft,
  id: WriteId,
  call: CallOptions,
): Prepared | undefined | Promise<Prepared> {
  if (!draft.put) return undefined;
  const { value, retention } = draft.put;
  const put = { core, address: draft.address, id, by: access.by, retention, call };
  return value.type === 'stream' ? prepareStream(put, value.body, () => access.writer(call)) : prepareSerialized(put, value);
}

/** The entry of a key that was put. `index`: which of the drafts. */
export function entryOf({ id, updatedAt, drafts, prepared }: Settled, index: number): Entry {
  const [draft, value] = [drafts[index], prepared[index]] as [Draft, Prepared];
  const { meta, retention } = value.put;
  return publicEntry(draft.address.key, { version: writeIdText(id), meta, updatedAt, expiresAt: expiryOf(updatedAt, retention) });
}

/**
 * Sends a write. If its answer is lost before `commandTimeout` has passed, sends it once more under the same write ID, which
 * mostly tells what became of it. After a resend only success is definite: a refusal may be due to the first send.
 *
 * @param repeatable - Whether a copy of an applied write is refused, or changes nothing, even if another writer came between. A
 * write that is neither fenced nor compared is sent once: a copy would put its older value over theirs.
 * @throws {@link OutcomeUnknownError}
 */
export async function sendTwice<Reply extends { kind: string }>(
  core: Internals,
  call: CallOptions,
  repeatable: boolean,
  send: (resent: boolean, call: CallOptions) => Promise<Reply>,
): Promise<Reply> {
  const elapsed = stopwatch(core.clock);
  try {
    return await send(false, call);
  } catch (error) {
    const lost = error instanceof OutcomeUnknownError && error.reason === 'no-answer';
    const left = core.commandTimeout - elapsed();
    if (!lost || !repeatable || left <= 0 || call.signal?.aborted) throw error;
    const deadline = abortController();
    const stop = core.timer(left, () => deadline.abort());
    const { signal, leave } = joined(deadline.signal, call.signal);
    const again = await send(true, { signal })
      .catch(() => undefined)
      .finally(() => {
        leave();
        stop();
      });
    if (again?.kind !== 'ok') throw error;
    return again;
  }
}
