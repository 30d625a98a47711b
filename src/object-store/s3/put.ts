import { abortController, joined } from '../../async/abort.ts';
import { piecesOf } from '../../async/rechunk.ts';
import type { UncheckedObjectStore } from '../checked.ts';
import { goesInParts } from '../in-parts.ts';
import type { PutOptions } from '../object-store.ts';
import { createObject } from './conditional.ts';
import { uploadParts } from './multipart.ts';
import { CONTENT_TYPE, sendRequest, type S3Store } from './request.ts';

/**
 * Putting an object: one request if it fits into a part, else an upload in parts. Bodies go out as bytes of known length. A
 * stream would be sent in chunks with a checksum after them, and some servers store that framing as a part of the object.
 */

/** `put()` of the S3 store. */
export function s3Put(store: S3Store): UncheckedObjectStore['put'] {
  return async (key, body, options) => {
    const name = store.prefix + key;
    const stop = abortController();
    const { signal, leave } = joined(stop.signal, options.signal);
    const parts = piecesOf(body, store.partSize, signal);
    const within = { ...options, signal };
    try {
      const { value: first } = await parts.next();
      if (!first || (first.last && !goesInParts(options)))
        return await putBytes(store, name, first?.bytes ?? new Uint8Array(), within);
      return await uploadParts(store, name, { first, rest: parts, fail: (error) => stop.abort(error) }, within);
    } finally {
      leave();
      await parts.return();
    }
  };
}

function putBytes(store: S3Store, name: string, bytes: Uint8Array, options: PutOptions): Promise<'created' | 'exists'> {
  return createObject(store, name, options, (condition) =>
    sendRequest(
      store,
      'PutObject',
      name,
      { Key: name, Body: bytes, ContentLength: bytes.length, ContentType: CONTENT_TYPE, ...store.encryption, ...condition },
      options.signal,
      options.sha256,
    ),
  );
}
