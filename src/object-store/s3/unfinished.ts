import type { CallOptions } from '../../async/deadline.ts';
import { uploadTime } from '../../format/object-name.ts';
import { requirePrefix } from '../check-key.ts';
import type { ObjectStore } from '../object-store.ts';
import { progressOf } from '../progress.ts';
import { S3Error } from './errors.ts';
import { sendRequest, type S3Store } from './request.ts';

/** Uploads that were begun and neither completed nor ended: no object, but their parts are paid for. */

interface FoundUpload {
  name: string;
  id: string;
  /** By the server, which may say any time. */
  initiated: number;
}

/** `unfinished()` of the S3 store. */
export function s3Unfinished(store: S3Store): NonNullable<ObjectStore['unfinished']> {
  return async function* unfinished(before, options) {
    const { prefix, remove, signal } = options;
    requirePrefix(prefix);
    for await (const { name, id, initiated } of uploadsOf(store, store.prefix + prefix, options)) {
      signal?.throwIfAborted();
      const key = name.slice(store.prefix.length);
      const begun = uploadTime(key);
      // The later of both: some servers give every upload the same old time, and that one may be running.
      if (begun === undefined || Math.max(begun, initiated) >= before.getTime()) continue;
      if (remove) await endUpload(store, name, id, signal);
      yield { key };
    }
  };
}

/** Ends all uploads of one name. */
export async function endUploads(store: S3Store, name: string, signal: AbortSignal | undefined): Promise<void> {
  for await (const upload of pagesOf(store, name, { ...(signal && { signal }) })) {
    if (upload.name === name) await endUpload(store, name, upload.id, signal);
  }
}

async function endUpload(store: S3Store, name: string, id: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sendRequest(store, 'AbortMultipartUpload', name, { Key: name, UploadId: id }, signal);
  } catch (error) {
    if (!isNoUpload(error)) throw error;
  }
}

function isNoUpload(error: unknown): boolean {
  return error instanceof S3Error && error.code === 'NoSuchUpload';
}

/** MinIO lists uploads of one whole name, or all of them. If the prefix finds none, all are looked through. */
async function* uploadsOf(store: S3Store, prefix: string, call: CallOptions): AsyncGenerator<FoundUpload, void, undefined> {
  let found = false;
  for await (const upload of pagesOf(store, prefix, call)) {
    found = true;
    if (upload.name.startsWith(prefix)) yield upload;
  }
  if (found || prefix === '') return;
  try {
    for await (const upload of pagesOf(store, '', call)) if (upload.name.startsWith(prefix)) yield upload;
  } catch (error) {
    // A client that may only look below the prefix has had the answer.
    if (!(error instanceof S3Error) || error.status !== 403) throw error;
  }
}

async function* pagesOf(store: S3Store, prefix: string, call: CallOptions): AsyncGenerator<FoundUpload, void, undefined> {
  try {
    yield* listedPages(store, prefix, call);
  } catch (error) {
    // Some servers answer this until the first upload in parts since their start.
    if (isNoUpload(error)) return;
    throw error;
  }
}

async function* listedPages(store: S3Store, prefix: string, call: CallOptions): AsyncGenerator<FoundUpload, void, undefined> {
  const progress = progressOf(call);
  let next: { KeyMarker?: string; UploadIdMarker?: string } = {};
  for (;;) {
    const page = await sendRequest(
      store,
      'ListMultipartUploads',
      prefix,
      { ...(prefix !== '' && { Prefix: prefix }), ...next },
      call.signal,
    );
    progress();
    for (const { Key: name, UploadId: id, Initiated } of page.Uploads ?? []) {
      if (name !== undefined && id !== undefined) yield { name, id, initiated: Initiated?.getTime() ?? Number.POSITIVE_INFINITY };
    }
    const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page;
    if (!IsTruncated || !NextKeyMarker) return;
    next = { KeyMarker: NextKeyMarker, ...(NextUploadIdMarker && { UploadIdMarker: NextUploadIdMarker }) };
  }
}
