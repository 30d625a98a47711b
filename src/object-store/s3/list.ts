import { isObjectKey } from '../../format/path.ts';
import type { UncheckedObjectStore } from '../checked.ts';
import { takesAnyOrder } from '../listing-order.ts';
import { progressOf } from '../progress.ts';
import { S3Error } from './errors.ts';
import { sendRequest, type S3Store } from './request.ts';

/** Listing objects, a thousand with each request. */

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
      // Where a page ends is a matter of the order, so only a single page is whole in any.
      const isWhole = !page.IsTruncated && next.ContinuationToken === undefined;
      for (const { Key: name = '', Size: size = 0, LastModified: modifiedAt = new Date(0) } of page.Contents ?? []) {
        const key = name.slice(store.prefix.length);
        // Objects that are not ours are passed over.
        if (!name.startsWith(start) || !isObjectKey(key)) continue;
        if (key <= before && !(isWhole && takesAnyOrder(options)))
          throw failure('Unordered', 'The server does not list in the order of the names');
        before = key;
        yield { key, size, modifiedAt };
      }
      if (!page.IsTruncated) return;
      if (!page.NextContinuationToken) throw failure('Truncated', 'There is more, and the server does not say how to ask for it');
      next = { ContinuationToken: page.NextContinuationToken };
    }
  };
}
