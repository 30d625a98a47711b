import type { CallOptions } from '../../async/deadline.ts';
import { sideBySide } from '../../async/shared-signal.ts';
import { concurrently } from '../../async/concurrency.ts';
import { CUT_SHORT, readBody, type Headers } from './body.ts';
import { GcsError } from './errors.ts';
import { requireBucket } from './page.ts';
import { gcsError, isNotFound, sendPatiently, type GcsRequest, type GcsStore } from './request.ts';
import { unlessUnreachable } from './unreachable.ts';
import type { UncheckedObjectStore } from '../checked.ts';
import { progressOf } from '../progress.ts';

/** Reading an object, in parts: no request asks for more than one, since a body is always taken whole. */

/** Bytes; the most that one request asks for. */
const PART = 8 * 2 ** 20;
/** Parts of one object that are read at the same time. */
const LANES = 4;
const RANGE_NOT_SATISFIABLE = 416;

/** Byte offsets, `end` exclusive, of this generation of the object, or of whichever is there. */
interface Range {
  start: number;
  end: number;
  generation?: string | undefined;
}

interface Part {
  bytes: Uint8Array;
  /** Bytes of the whole object. */
  size: number;
  generation: string | undefined;
}

/** `get()` of the store. */
export function gcsGet(store: GcsStore): UncheckedObjectStore['get'] {
  return async (key, { end, ...call }) => {
    // The first byte is asked for even if the range is empty: it tells a missing object from one that is there.
    const first = await readPart(store, key, { start: 0, end: Math.min(Math.max(end, 1), PART) }, call);
    const size = Math.min(first?.size ?? 0, end);
    if (!first || size <= first.bytes.length) return first?.bytes.subarray(0, size);
    const { generation } = first;
    const whole = Buffer.allocUnsafe(size);
    whole.set(first.bytes);
    const starts = Array.from({ length: Math.ceil(size / PART) - 1 }, (_, index) => (index + 1) * PART);
    const readRest = async (start: number, own: CallOptions): Promise<void> =>
      whole.set(await readOn(store, key, { start, end: Math.min(start + PART, size), generation }, { ...call, ...own }), start);
    await sideBySide(call, (own) => concurrently(starts, (start) => readRest(start, own), LANES));
    return whole;
  };
}

/** `getStream()` of the store. It holds one part in memory, and no connection while nobody reads. */
export function gcsGetStream(store: GcsStore): UncheckedObjectStore['getStream'] {
  return async (key, { start, end, ...call }) => {
    // A byte is asked for even if the range is empty: it tells a missing object from one that is there.
    const first = await readPart(store, key, { start, end: Math.min(Math.max(end, start + 1), start + PART) }, call);
    return first && chunks(store, key, { start, end: Math.min(end, first.size), first }, call);
  };
}

async function* chunks(
  store: GcsStore,
  key: string,
  { start, end, first }: { start: number; end: number; first: Part },
  call: CallOptions,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { generation } = first;
  for (let at = start; at < end; at += PART) {
    call.signal?.throwIfAborted();
    yield at === start ? first.bytes : await readOn(store, key, { start: at, end: Math.min(at + PART, end), generation }, call);
  }
}

/** A further part of the same object as the first one. */
async function readOn(store: GcsStore, key: string, range: Required<Range>, call: CallOptions): Promise<Uint8Array> {
  const part = await readPart(store, key, range, call);
  if (part?.bytes.length === range.end - range.start) return part.bytes;
  throw gcsError(store, requestFor(store, key), { code: 'changed while it was read' });
}

function requestFor({ prefix }: GcsStore, key: string): GcsRequest {
  return { operation: 'objects.get', name: prefix + key };
}

/** Bytes of an object: `undefined` if there is none, empty beyond its end. */
async function readPart(store: GcsStore, key: string, range: Range, call: CallOptions): Promise<Part | undefined> {
  const { start, end, generation } = range;
  const request = requestFor(store, key);
  const progress = progressOf(call);
  progress();
  const file = store.bucket.file(request.name, generation === undefined ? {} : { generation });
  try {
    return await unlessUnreachable(store, request, call, (own, answered) =>
      sendPatiently(store, request, own, async () => {
        const stream = file.createReadStream({ start, end: end - 1, decompress: false, validation: false });
        const { bytes, headers } = await readBody(stream.once('response', answered), store.timer, own.signal, progress);
        return { bytes, size: sizeOf(bytes, headers, range), generation: headers['x-goog-generation'] };
      }),
    );
  } catch (error) {
    if (error instanceof GcsError && error.status === RANGE_NOT_SATISFIABLE) {
      return { bytes: new Uint8Array(), size: 0, generation: undefined };
    }
    if (!isNotFound(error)) throw error;
    await requireBucket(store, call);
    return undefined;
  }
}

/**
 * The size of the whole object, if these are the bytes of it that were asked for.
 *
 * @throws an error with the code {@link CUT_SHORT}, if they are not.
 */
function sizeOf(bytes: Uint8Array, headers: Headers, { start, end }: Range): number {
  const [, from, last, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers['content-range'] ?? '')?.map(Number) ?? [];
  if (from === start && size !== undefined && last === Math.min(end, size) - 1 && bytes.length === last + 1 - start) return size;
  throw Object.assign(new Error(CUT_SHORT), { code: CUT_SHORT });
}
