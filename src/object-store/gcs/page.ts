import type { CallOptions } from '../../async/deadline.ts';
import { NO_BUCKET } from './errors.ts';
import { gcsError, inTime, isNotFound, NOT_FOUND, sendPatiently, type GcsRequest, type GcsStore } from './request.ts';
import { unlessUnreachable } from './unreachable.ts';

/** Pages of listings, and what they tell of the bucket. */

/** Milliseconds for a page, also of a large bucket. */
const LATEST_PAGE = 60_000;

/**
 * Makes sure that it was the object that was not found: a missing bucket is answered with the same status.
 *
 * @throws {@link GcsError} when there is no such bucket, or nobody may ask for it.
 */
export async function requireBucket(store: GcsStore, call: CallOptions): Promise<void> {
  await listPage(store, '', call, { maxResults: 1 });
}

/** A page of a listing. */
export interface GcsPage {
  readonly items?: readonly { name: string; size: string | number; timeCreated: string }[];
  readonly nextPageToken?: string;
}

/**
 * One page of a listing.
 *
 * @throws {@link GcsError}
 */
export async function listPage(
  store: GcsStore,
  prefix: string,
  call: CallOptions,
  page: { maxResults: number; pageToken?: string },
): Promise<GcsPage> {
  const { bucket } = store;
  const request: GcsRequest = { operation: 'objects.list', name: store.prefix + prefix };
  const fields = 'items(name,size,timeCreated),nextPageToken';
  try {
    const list = (): Promise<unknown> => bucket.getFiles({ prefix: request.name, autoPaginate: false, fields, ...page });
    const answer = await unlessUnreachable(store, request, call, (own) =>
      sendPatiently(store, request, own, () => inTime(store, LATEST_PAGE, own, list)),
    );
    return (answer as readonly unknown[])[2] ?? {};
  } catch (error) {
    throw isNotFound(error) ? gcsError(store, request, { code: NO_BUCKET, status: NOT_FOUND }) : error;
  }
}
