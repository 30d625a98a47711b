import { isObjectKey } from '../../format/path.ts';
import type { UncheckedObjectStore } from '../checked.ts';
import { progressOf } from '../listing-progress.ts';
import { S3Error } from './errors.ts';
import { sendRequest, type S3Store } from './request.ts';

/** Listing and deleting objects, a thousand with each request. */

/** S3 takes no more: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const BATCH = 1_000;

/** `list()` of the S3 store. A page that fails, or comes out of order, fails the whole: a part of it would look like the whole. */
export function s3List(store: S3Store): UncheckedObjectStore['list'] {
  return async function* list(prefix, options) {
    const { signal } = options;
    const progress = progressOf(options);
    const start = store.prefix + prefix;
    const failure = (code: string, message: string): S3Error =>
      new S3Error({ operation: 'ListObjectsV2', bucket: store.bucket, name: start }, { code, message });
    let next: { ContinuationToken?: string } = {};
    let before = '';
    for (;;) {
      const page = await sendRequest(store, 'ListObjectsV2', start, { ...(start !== '' && { Prefix: start }), ...next }, signal);
      progress();
      for (const { Key: name = '', Size: size = 0, LastModified: modifiedAt = new Date(0) } of page.Contents ?? []) {
        const key = name.slice(store.prefix.length);
        // Objects that are not ours are passed over.
        if (!name.startsWith(start) || !isObjectKey(key)) continue;
        if (key <= before) throw failure('Unordered', 'The server does not list in the order of the names');
        before = key;
        yield { key, size, modifiedAt };
      }
      if (!page.IsTruncated) return;
      if (!page.NextContinuationToken) throw failure('Truncated', 'There is more, and the server does not say how to ask for it');
      next = { ContinuationToken: page.NextContinuationToken };
    }
  };
}

/** `delete()` of the S3 store. */
export function s3Delete(store: S3Store): UncheckedObjectStore['delete'] {
  return async (keys, { signal }) => {
    const failed: { key: string; error: unknown }[] = [];
    for (let at = 0; at < keys.length; at += BATCH) {
      failed.push(...(await deleteBatch(store, keys.slice(at, at + BATCH), signal)));
    }
    return failed;
  };
}

async function deleteBatch(
  store: S3Store,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<{ key: string; error: unknown }[]> {
  const { bucket, prefix } = store;
  const names = keys.map((key) => prefix + key);
  try {
    const request = { Delete: { Objects: names.map((name) => ({ Key: name })), Quiet: true } };
    const { Errors = [] } = await sendRequest(store, 'DeleteObjects', names[0] ?? '', request, signal);
    return Errors.filter(({ Code }) => Code !== 'NoSuchKey').map(
      ({ Key: name = '', Code: code = 'Unknown', Message: message }) => ({
        key: name.slice(prefix.length),
        error: new S3Error({ operation: 'DeleteObjects', bucket, name }, { code, message, status: statusOf(code) }),
      }),
    );
  } catch (error) {
    signal?.throwIfAborted();
    return keys.map((key) => ({ key, error }));
  }
}

/** The list of failures has codes only. */
function statusOf(code: string): number | undefined {
  return code === 'AccessDenied' ? 403 : undefined;
}
