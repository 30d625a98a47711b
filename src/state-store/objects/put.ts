import { abortController, joined, untilAborted } from '../../async/abort.ts';
import { boundedWait } from '../../async/deadline.ts';
import { StoreUnavailableError } from '../../model/errors/store.ts';
import type { PutOptions } from '../../object-store/object-store.ts';
import type { Internals } from '../internals.ts';
import { withProgress } from '../../object-store/progress.ts';
import { deleteObject, failureOf, getObject, transferWaitOf, awaited, type ObjectCall } from './calls.ts';
import type { NewObject } from './new-object.ts';
import { watchedBody } from './watched-body.ts';

/**
 * Puts of objects, each under a name of its own. If a put fails, what it may have stored is deleted. If the name is there
 * already, an earlier send of the same put has made it, or it is not ours to touch.
 */

const WHAT = 'putting an object';

/**
 * Puts bytes, whose digest is known.
 *
 * @throws {@link StoreUnavailableError}
 */
export async function putObject(
  core: Internals,
  at: ObjectCall,
  target: NewObject,
  { body, sha256 }: { body: Uint8Array; sha256: string },
): Promise<void> {
  const { object } = target;
  await core.writePoint?.('before-put');
  const patience = transferWaitOf(core, () => body.length);
  const stored = await awaited(patience, at, WHAT, (signal) =>
    at.store.put(object, body, { ...putOptions(target, signal), sha256 }),
  )
    .then(async (made) => {
      if (made === 'created') return true;
      const there = await getObject(core, at, object, body.length);
      return there !== undefined && Buffer.compare(there, body) === 0;
    })
    .catch((error: unknown) => {
      deleteBeside(core, at, object);
      throw error;
    });
  if (!stored) throw taken(at, object);
  await core.writePoint?.('after-put');
}

/**
 * Puts a body that is still being made. A store that makes no progress is given up. The source of the body has all the time that
 * it needs, and its errors pass unchanged.
 *
 * @param bytes - Taken once. They end by themselves when the call's signal aborts.
 * @param isStored - Whether the object holds exactly the bytes that were made. Asked only once they all were.
 * @throws {@link StoreUnavailableError}
 */
export async function putStream(
  core: Internals,
  at: ObjectCall,
  target: NewObject,
  bytes: AsyncIterable<Uint8Array>,
  isStored: () => Promise<boolean>,
): Promise<void> {
  const { object } = target;
  const stop = abortController();
  const { signal, leave } = joined(stop.signal, at.call.signal);
  await core.writePoint?.('before-put');
  const watch = watchedBody(core, bytes, () => stop.abort(new DOMException('The deadline passed.', 'TimeoutError')));
  const putting = (async () => at.store.put(object, watch.body, withProgress(putOptions(target, signal), watch.moved)))();
  let stored: boolean;
  try {
    const made = await untilAborted(putting, signal);
    if (!watch.ended) throw new Error('the store did not take the whole body');
    stored = made === 'created' || (await isStored());
  } catch (cause) {
    stop.abort(cause);
    deleteBeside(core, at, object, putting);
    at.call.signal?.throwIfAborted();
    if (watch.failure) throw watch.failure.error;
    const problem = watch.late === undefined ? 'failed' : `took longer than ${watch.late} ms`;
    throw failureOf(at, `${WHAT} ${problem}`, cause);
  } finally {
    watch.end();
    leave();
  }
  if (!stored) throw taken(at, object);
  await core.writePoint?.('after-put');
}

function putOptions({ expiresAt }: NewObject, signal: AbortSignal): PutOptions {
  return { signal, ifAbsent: true, ...(expiresAt && { expiresAt }) };
}

function taken({ store, where }: ObjectCall, object: string): StoreUnavailableError {
  return new StoreUnavailableError(`the object store holds something else at ${object}`, { ...where, store: store.alias });
}

/**
 * Deletes what a failed put may have stored, or may store yet. The error does not wait for this, since the store is in trouble.
 * It also works while the state store closes.
 */
function deleteBeside(core: Internals, at: ObjectCall, object: string, putting?: Promise<unknown>): void {
  const clean = async (): Promise<void> => {
    if (putting) await boundedWait(core.timer, core.commandTimeout, undefined, () => putting).catch(() => undefined);
    await deleteObject(core, at, object);
  };
  core.beside(clean);
}
