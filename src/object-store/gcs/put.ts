import type { CallOptions } from '../../async/deadline.ts';
import { piecesOf, type Piece } from '../../async/rechunk.ts';
import { retry } from '../../async/retry.ts';
import { crc32c } from '../../format/crc32c.ts';
import { inBase64 } from '../base64-sum.ts';
import { GcsError } from './errors.ts';
import type { GcsFile } from './options.ts';
import { requireBucket } from './page.ts';
import { inTime, isNotFound, latestFor, sendPatiently, type GcsStore } from './request.ts';
import { generationOf, putInSession, type ObjectDraft } from './session.ts';
import type { UncheckedObjectStore } from '../checked.ts';
import { goesInParts } from '../in-parts.ts';
import type { PutOptions } from '../object-store.ts';

/**
 * Making an object. Every request says which generation it replaces, 0 for none. So it can be sent again without harm, and the
 * client's own settings for retries stay unchanged. A body that fits into a part goes in one request, with a checksum that the
 * server verifies. The client's own check afterwards would delete the object.
 */

/** Bytes; a longer body is uploaded in parts of this size, a multiple of 256 KiB. */
const PART = 8 * 2 ** 20;
/** How often an object is replaced that others replace at the same time. */
const REPLACE_TRIES = 6;

/** `put()` of the store. */
export function gcsPut(store: GcsStore): UncheckedObjectStore['put'] {
  return async (key, body, options) => {
    const parts = piecesOf(body, PART, options.signal);
    try {
      return await putParts(store, store.prefix + key, parts, options);
    } catch (error) {
      if (isNotFound(error)) await requireBucket(store, options);
      throw error;
    } finally {
      await parts.return();
    }
  };
}

async function putParts(
  store: GcsStore,
  name: string,
  parts: ReturnType<typeof piecesOf>,
  options: PutOptions,
): Promise<'created' | 'exists'> {
  const { ifAbsent, expiresAt, signal } = options;
  const metadata = { contentType: 'application/octet-stream', ...(expiresAt && { customTime: expiresAt.toISOString() }) };
  const first = (await parts.next()).value as Piece;
  // The parts of a longer body that were sent are gone.
  const passes = (error: unknown): boolean => first.last && isPreconditionFailed(error);
  return retry({ ...store, signal, pause: { first: 0 }, tries: REPLACE_TRIES, passes }, async () => {
    const object: ObjectDraft = { name, generation: ifAbsent ? 0 : await generationOf(store, name, options), metadata };
    try {
      if (!first.last || goesInParts(options)) return await putInSession(store, object, first, parts, options);
      await putAtOnce(store, object, first.bytes, options);
      return 'created';
    } catch (error) {
      if (ifAbsent && (isPreconditionFailed(error) || needsDelete(error))) return 'exists';
      throw error;
    }
  });
}

const PRECONDITION_FAILED = 412;

function isPreconditionFailed(error: unknown): boolean {
  return error instanceof GcsError && error.status === PRECONDITION_FAILED;
}

const FORBIDDEN = 403;

/**
 * Whether the missing right is the one to replace. The server asks for it only if an object is there, and may do so before it
 * looks at the condition. A worker may have no such right. A caller that hears that an object exists compares it.
 */
function needsDelete(error: unknown): boolean {
  return error instanceof GcsError && error.status === FORBIDDEN && / have storage\.objects\.delete access/.test(error.message);
}

async function putAtOnce(store: GcsStore, object: ObjectDraft, bytes: Uint8Array, call: CallOptions): Promise<void> {
  const metadata = { ...object.metadata, crc32c: inBase64(crc32c(bytes)) };
  await sendPatiently(store, { operation: 'objects.insert', name: object.name }, call, () =>
    inTime(store, latestFor(bytes.length), call, () => written(store.bucket.file(object.name), bytes, { ...object, metadata })),
  );
}

function written(
  file: GcsFile,
  bytes: Uint8Array,
  { generation, metadata }: { generation: number | string; metadata: ObjectDraft['metadata'] & { crc32c: string } },
): Promise<void> {
  return new Promise((resolve, reject) => {
    file
      .createWriteStream({
        resumable: false,
        validation: false,
        preconditionOpts: { ifGenerationMatch: generation },
        metadata: { ...metadata },
      })
      .on('error', reject)
      .on('finish', resolve)
      .end(bytes);
  });
}
