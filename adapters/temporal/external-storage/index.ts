/**
 * `mooring/temporal/external-storage`: large payloads of Temporal's workflows and activities in an object store. Loads no part of
 * Temporal's SDK.
 */
import { setMaxListeners } from 'node:events';
import type { Payload, StorageDriver, StorageDriverClaim, StorageDriverTargetInfo } from '@temporalio/common';
import { KEEPS_INLINE } from '../activity/largest-details.ts';
import { resolveDriver, type ExternalStorageOptions } from './options.ts';
import { payloadCache } from './cache.ts';
import { retrievePayload } from './retrieve.ts';
import { storePayload } from './store.ts';

export type { ExternalStorageOptions } from './options.ts';

/** What worker heartbeats report, for references that only this driver can read. */
const TYPE = 'mooring.objectstore';
/** What the published drivers for S3 report, in all SDKs. */
const PUBLISHED_TYPE = 'aws.s3driver';

/**
 * A storage driver for `ExternalStorage` of `@temporalio/common`, on an object store of this library. One request stores a payload that is new,
 * and one retrieves a payload that this process does not know.
 *
 * @throws {@link ConfigError} that names the option.
 */
export function externalStorageDriver(options: ExternalStorageOptions): StorageDriver {
  const driver = resolveDriver(options);
  const cache = payloadCache(driver.cacheBytes, () => driver.clock.now());
  const made: StorageDriver & { [KEEPS_INLINE]: boolean } = {
    name: driver.name,
    type: driver.bucket === undefined ? TYPE : PUBLISHED_TYPE,
    [KEEPS_INLINE]: driver.inline,
    store: ({ target, ...context }: StoreContext, payloads) =>
      allOrNone(payloads, context, (payload, signal) => storePayload(driver, cache, payload, { target, signal })),
    retrieve: (context: Context<StorageDriverClaim>, claims) =>
      allOrNone(claims, context, (claim, signal) => retrievePayload(driver, cache, claim, signal)),
  };
  return made;
}

/** What the SDK hands to a driver: a permit for each item from 1.25 on. It warns of a driver that takes none, even from a cache. */
interface Context<Item> {
  abortSignal?: AbortSignal;
  limiter?: { permit<T>(item: Item, operation: () => Promise<T>): Promise<T> };
}

interface StoreContext extends Context<Payload> {
  target?: StorageDriverTargetInfo;
}

/**
 * Works on several at the same time, as many as there are permits. The first failure stops the others, and rejects once none is
 * running.
 */
async function allOrNone<Item, Result>(
  items: readonly Item[],
  { abortSignal, limiter }: Context<Item>,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
): Promise<Result[]> {
  const controller = new AbortController();
  // More than ten payloads are not a leak of listeners.
  setMaxListeners(0, controller.signal);
  const abort = (): void => controller.abort(abortSignal?.reason);
  abortSignal?.addEventListener('abort', abort, { once: true });
  if (abortSignal?.aborted) abort();
  try {
    const begin = async (item: Item): Promise<Result> => {
      // The wait for a permit may have been a long one.
      controller.signal.throwIfAborted();
      return work(item, controller.signal);
    };
    const all = items.map((item) => (limiter ? limiter.permit(item, () => begin(item)) : begin(item)));
    for (const one of all) one.catch((error: unknown) => controller.abort(error));
    await Promise.allSettled(all);
    controller.signal.throwIfAborted();
    return await Promise.all(all);
  } finally {
    abortSignal?.removeEventListener('abort', abort);
  }
}
