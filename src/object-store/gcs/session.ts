import { boundedWait, type CallOptions } from '../../async/deadline.ts';
import type { Piece } from '../../async/rechunk.ts';
import { crc32c } from '../../format/crc32c.ts';
import { inBase64 } from '../base64-sum.ts';
import { progressOf } from '../progress.ts';
import { CUT_SHORT } from './body.ts';
import type { GcsError } from './errors.ts';
import type { GcsFile } from './options.ts';
import { gcsError, isNotFound, sendRequest, sendOnce, sendPatiently, type GcsReply, type GcsStore } from './request.ts';

/**
 * A resumable upload: https://cloud.google.com/storage/docs/performing-resumable-uploads. The object is made with the last part,
 * so a failure before that leaves none. The session is then cancelled; one that could not be cancelled ends by itself after a
 * week. A part is sent again unchanged: the server skips what it has. The client's own upload is not used: it cannot be stopped,
 * takes a lost answer for a failure, and counts its retries over all parts.
 */

/** An object to be. */
export interface ObjectDraft {
  /** The object's name in the bucket. */
  name: string;
  /** The generation that it replaces; 0: none. */
  generation: number | string;
  metadata: { contentType: string; customTime?: string };
}

/** The generation of the object that is there; 0 if there is none. */
export async function generationOf(store: GcsStore, name: string, call: CallOptions): Promise<number | string> {
  const options = { method: 'GET', uri: '', qs: { fields: 'generation' } } as const;
  try {
    const { body } = await sendRequest(store, { operation: 'objects.get', name }, options, call);
    return (body as { generation: string }).generation;
  } catch (error) {
    if (isNotFound(error)) return 0;
    throw error;
  }
}

interface Session {
  readonly file: GcsFile;
  readonly object: ObjectDraft;
  /** The session's address, which is all that a request needs to be let in. It must not get into an error. */
  readonly uri: string;
  readonly qs: Record<string, string>;
  /** The request that is on its way. */
  flight: Promise<unknown>;
}

/** Milliseconds for taking back what was sent. */
const CANCEL_WITHIN = 5_000;
const INCOMPLETE = 308;

/** Uploads the first part, and those that follow it. */
export async function putInSession(
  store: GcsStore,
  object: ObjectDraft,
  first: Piece,
  others: AsyncIterator<Piece, void>,
  call: CallOptions,
): Promise<'created' | 'exists'> {
  const session = await openSession(store, object, call);
  try {
    let [offset, sum] = [0, 0];
    for (let part = first; ; part = (await others.next()).value as Piece) {
      sum = crc32c(part.bytes, sum);
      const reply = await sendPart(store, session, { ...part, offset, sum }, call);
      if (!reply) return 'exists';
      if (part.last) {
        await verify(store, session, reply, sum);
        return 'created';
      }
      offset += part.bytes.length;
      progressOf(call)(part.bytes.length);
    }
  } catch (error) {
    await cancel(store, session);
    throw error;
  }
}

async function openSession(store: GcsStore, object: ObjectDraft, call: CallOptions): Promise<Session> {
  const { name, generation, metadata } = object;
  const { bucket } = store;
  const options = {
    method: 'POST',
    uri: `${bucket.storage.apiEndpoint}/upload/storage/v1/b/${bucket.name}/o`,
    qs: { uploadType: 'resumable', name, ifGenerationMatch: generation },
    headers: { 'X-Upload-Content-Type': metadata.contentType },
    json: metadata,
  } as const;
  const { headers } = await sendRequest(store, { operation: 'objects.insert', name }, options, call);
  const { location } = headers;
  // Asked before it is parsed: the error for an invalid URL holds it.
  if (location === undefined || !URL.canParse(location)) throw failure(store, name, 'no session');
  const { origin, pathname, searchParams } = new URL(location);
  return {
    file: bucket.file(name),
    object,
    uri: origin + pathname,
    qs: Object.fromEntries(searchParams),
    flight: Promise.resolve(),
  };
}

function failure(store: GcsStore, name: string, code: string): GcsError {
  return gcsError(store, { operation: 'objects.insert', name }, { code });
}

/** Sends a part until the server has all of it. `undefined`: an answer was lost; the object is there, but may be another's. */
async function sendPart(
  store: GcsStore,
  session: Session,
  part: Piece & { offset: number; sum: number },
  call: CallOptions,
): Promise<GcsReply | undefined> {
  const { name, generation } = session.object;
  let sends = 0;
  let from = part.offset;
  const sendAll = async (): Promise<GcsReply> => {
    for (;;) {
      call.signal?.throwIfAborted();
      sends += 1;
      const reply = await sendRest(store, session, part, from);
      const stored = storedOf(reply, part);
      if (stored === 'all') return reply;
      if (stored <= from) throw failure(store, name, CUT_SHORT);
      from = stored;
    }
  };
  try {
    return await sendPatiently(store, { operation: 'objects.insert', name }, call, sendAll);
  } catch (error) {
    const mayBeThere = part.last && sends > 1 && generation === 0;
    if (mayBeThere && (await generationOf(store, name, call).catch(() => 0)) !== 0) return undefined;
    throw error;
  }
}

function sendRest(
  store: GcsStore,
  session: Session,
  part: Piece & { offset: number; sum: number },
  from: number,
): Promise<GcsReply> {
  const { bytes, last, offset, sum } = part;
  const end = offset + bytes.length;
  const sent = sendOnce(
    store,
    session.file,
    {
      method: 'PUT',
      uri: session.uri,
      qs: session.qs,
      headers: {
        'Content-Range': `bytes ${from}-${end - 1}/${last ? end : '*'}`,
        ...(last && { 'x-goog-hash': `crc32c=${inBase64(sum)}` }),
      },
      body: Buffer.from(bytes.buffer, bytes.byteOffset + from - offset, end - from),
    },
    // Not the caller's signal: the code that cancels the session waits for this to end.
    {},
    [INCOMPLETE],
  );
  session.flight = sent;
  return sent;
}

/** How many bytes of the object the server has. */
function storedOf({ status, headers }: GcsReply, { bytes, last, offset }: Piece & { offset: number }): number | 'all' {
  if (status !== INCOMPLETE) return 'all';
  const stored = Number(/^bytes=0-(\d+)$/.exec(headers['range'] ?? '')?.[1] ?? -1) + 1;
  const end = offset + bytes.length;
  if (stored < end) return stored;
  return last ? 0 : 'all';
}

/** Deletes an object that is not what was sent. */
async function verify(store: GcsStore, { file, object }: Session, { body }: GcsReply, sum: number): Promise<void> {
  const { crc32c: stored, generation } = (body ?? {}) as { crc32c?: string; generation?: string };
  if (stored === undefined || stored === inBase64(sum)) return;
  const qs = generation === undefined ? {} : { ifGenerationMatch: generation };
  await sendOnce(store, file, { method: 'DELETE', uri: '', qs }, {}).catch(() => undefined);
  throw failure(store, object.name, 'checksum mismatch');
}

async function cancel(store: GcsStore, { file, uri, qs, flight }: Session): Promise<void> {
  const cancelled = sendOnce(store, file, { method: 'DELETE', uri, qs }, {});
  await boundedWait(store.timer, CANCEL_WITHIN, undefined, () => Promise.allSettled([flight, cancelled]));
}
