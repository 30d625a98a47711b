import { abortController } from '../../async/abort.ts';
import type { CallOptions } from '../../async/deadline.ts';
import type { UncheckedObjectStore } from '../checked.ts';
import { progressOf } from '../progress.ts';
import { readBody, type BodySource } from './body.ts';
import { S3Error } from './errors.ts';
import { sendRequest, type S3Output, type S3Store } from './request.ts';

/**
 * Reading an object. An object is missing only if S3 says so about the key; no bucket, no permission and no such address are
 * errors.
 */

interface Range {
  start: number;
  end: number;
}

/** `get()` of the S3 store. */
export function s3Get(store: S3Store): UncheckedObjectStore['get'] {
  return async (key, options) => {
    const body = await openObject(store, store.prefix + key, { ...options, start: 0 });
    if (!body) return undefined;
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
}

/**
 * `getStream()` of the S3 store. A reader that does not read it to the end must end it, or abort: until then it holds a
 * connection.
 */
export function s3GetStream(store: S3Store): UncheckedObjectStore['getStream'] {
  return (key, options) => openObject(store, store.prefix + key, options);
}

async function openObject(
  store: S3Store,
  name: string,
  options: Range & CallOptions,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const { start, end, signal } = options;
  const progress = progressOf(options);
  progress();
  // No range is empty in HTTP: the first byte says whether there is an object.
  const range = start === end ? { start: 0, end: 1 } : { start, end };
  const first = await request(store, name, range, undefined, signal);
  if (!first) return undefined;
  if (start === end) {
    first.close();
    first.leave();
  }
  return readBody({
    first: start === end ? { ...first, at: 0, end: 0 } : first,
    progress,
    // Objects never change, but others may write to the bucket. So this gives the rest of the same object, or an error.
    async resume(at) {
      const rest = await request(store, name, { start: at, end: first.end }, first.etag, signal);
      if (rest) return rest;
      throw new S3Error({ operation: 'GetObject', bucket: store.bucket, name }, { code: 'NoSuchKey', message: 'it was deleted' });
    },
    broken: (message) => new S3Error({ operation: 'GetObject', bucket: store.bucket, name }, { code: 'IncompleteBody', message }),
    signal,
  });
}

async function request(
  store: S3Store,
  name: string,
  { start, end }: Range,
  etag: string | undefined,
  signal: AbortSignal | undefined,
): Promise<BodySource | undefined> {
  // A signal of its own: with every version of the client, aborting it lets go of the connection.
  const stop = abortController();
  const close = (): void => stop.abort();
  signal?.throwIfAborted();
  signal?.addEventListener('abort', close, { once: true });
  try {
    // Always a range. To a whole body some versions of the client add a checksum stream. It reads ahead of its reader, and hangs
    // when the body breaks off. The façade's own digest checks more.
    const last = end === Number.MAX_SAFE_INTEGER ? '' : end - 1;
    const input = { Key: name, Range: `bytes=${start}-${last}`, ...(etag !== undefined && { IfMatch: etag }) };
    const answer = await sendRequest(store, 'GetObject', name, input, stop.signal);
    return { ...extent(store, name, { start, end }, answer), body: answer.Body, etag: answer.ETag, close, leave };
  } catch (error) {
    close();
    leave();
    signal?.throwIfAborted();
    if (error instanceof S3Error) {
      if (error.status === 416) return { body: undefined, at: 0, end: 0, etag: undefined, close, leave };
      if (await isMissing(store, name, error, signal)) return undefined;
    }
    throw error;
  }

  function leave(): void {
    signal?.removeEventListener('abort', close);
  }
}

/**
 * An answer without S3's word for a missing key may come from anything that listens at the address, so the bucket has to be
 * there.
 */
export async function isMissing(store: S3Store, name: string, error: S3Error, signal: AbortSignal | undefined): Promise<boolean> {
  if (error.status !== 404 || error.code === 'NoSuchBucket') return false;
  if (error.code === 'NoSuchKey') return true;
  if (error.code !== 'NotFound') return false;
  await sendRequest(store, 'HeadBucket', name, {}, signal);
  return true;
}

const CONTENT_RANGE = /^bytes (\d+)-(\d+)\//;

/** The range of bytes that the answer says it has; the whole object needs none. */
function extent(
  { bucket }: S3Store,
  name: string,
  { start, end }: Range,
  { ContentRange, ContentLength }: S3Output<'GetObject'>,
): Pick<BodySource, 'at' | 'end'> {
  const [, from, to] = CONTENT_RANGE.exec(ContentRange ?? '') ?? [];
  const answered = ContentRange === undefined ? { at: 0, end: ContentLength } : { at: Number(from), end: Number(to) + 1 };
  if (answered.at === start && answered.end !== undefined && answered.end <= end) return { at: start, end: answered.end };
  const message = `It answered with ${ContentRange ?? 'the whole object'}, although another range was asked for`;
  throw new S3Error({ operation: 'GetObject', bucket, name }, { code: 'WrongRange', message });
}
