import type { Reference } from '../../format/entry.ts';
import { CorruptEntryError, StoreUnavailableError, type ErrorContext } from '../../model/errors/store.ts';
import { concurrently } from '../../async/concurrency.ts';
import type { Internals } from '../internals.ts';
import { getObject, type ObjectCall } from './calls.ts';
import { stepped } from './listing.ts';

/**
 * The bytes of an object, as a whole or in order. A small object takes one request, a large one several requests for parts at the
 * same time. That is safe, since an object never changes under its name. Nothing here is verified.
 */

/**
 * Objects of at most this many bytes are held as a whole, and given out as one chunk. Measured by
 * `npm run bench -- parts`.
 */
const ONE_CHUNK = 2 ** 24;
/** The bytes that each request for a part of a larger object asks for, and the number of parts on their way. */
const PART = 2 ** 23;
const AHEAD = 4;
/** The same for a stream. With `AHEAD` it bounds what a reader holds, whatever the object's size. */
const STREAM_PART = 2 ** 22;
/** Objects of at most this many bytes are fetched when a stream of them is opened. */
const FETCHED_AT_ONCE = 2 ** 20;
/** The beginning of a larger object shows that there is one. The rest is fetched once it is read: many streams may be open. */
const BEGINNING = 2 ** 18;

/** A part of an object: `start` inclusive, `end` exclusive. */
interface Part {
  start: number;
  end: number;
}

type Body = Pick<Reference, 'object' | 'storedSize'>;

/**
 * All bytes of an object, or `undefined` if there is none.
 *
 * @throws {@link StoreUnavailableError} {@link CorruptEntryError}
 */
export async function wholeBody(core: Internals, at: ObjectCall, body: Body): Promise<Uint8Array | undefined> {
  if (body.storedSize <= ONE_CHUNK) return smallBody(core, at, body);
  const into = room(body, at);
  const found = await concurrently(
    partsOf(body, 0, PART),
    async (part) => fetchPart(core, at, body, part, into.subarray(part.start, part.end)),
    AHEAD,
  );
  return found.every(Boolean) ? into : undefined;
}

async function smallBody(core: Internals, at: ObjectCall, { object, storedSize }: Body): Promise<Uint8Array | undefined> {
  const bytes = await getObject(core, at, object, storedSize);
  if (bytes && bytes.length > storedSize) throw wrongSize(object, storedSize, 'more', at.where);
  return bytes;
}

function room({ object, storedSize }: Body, { where }: ObjectCall): Uint8Array {
  try {
    return new Uint8Array(storedSize);
  } catch (cause) {
    throw new CorruptEntryError(`the object ${object} has ${storedSize} bytes by its entry, more than can be held`, {
      ...where,
      cause,
    });
  }
}

/**
 * The bytes of an object in order, or `undefined` if there is none. Until it is read, at most 1 MiB is held. Then at most `AHEAD`
 * parts are fetched ahead. A caller that leaves early aborts the call's signal.
 *
 * @throws {@link StoreUnavailableError} {@link CorruptEntryError}
 */
export async function openBody(core: Internals, at: ObjectCall, body: Body): Promise<AsyncIterable<Uint8Array> | undefined> {
  const { object, storedSize } = body;
  if (storedSize <= FETCHED_AT_ONCE) {
    const bytes = await smallBody(core, at, body);
    return bytes && only(bytes);
  }
  const beginning = new Uint8Array(BEGINNING);
  if (!(await fetchPart(core, at, body, { start: 0, end: BEGINNING }, beginning))) return undefined;
  const fetch = async (part: Part, into: Uint8Array): Promise<Uint8Array> => {
    if (await fetchPart(core, at, body, part, into)) return into;
    throw new StoreUnavailableError(`the object ${object} was deleted while it was read`, {
      ...at.where,
      store: at.store.alias,
    });
  };
  if (storedSize <= ONE_CHUNK) return joined(beginning, storedSize, fetch);
  const rest = partsOf(body, BEGINNING, STREAM_PART).map((part) => () => fetch(part, new Uint8Array(part.end - part.start)));
  return inOrder(beginning, rest);
}

/** The beginning and the rest, which is fetched once it is read, as one chunk: it can be verified before it is given out. */
async function* joined(
  beginning: Uint8Array,
  size: number,
  fetch: (part: Part, into: Uint8Array) => Promise<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const start = beginning.length;
  const whole = new Uint8Array(size);
  whole.set(beginning);
  await fetch({ start, end: size }, whole.subarray(start));
  yield whole;
}

/** Bytes as a stream of one chunk. */
export async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}

async function* inOrder(first: Uint8Array, rest: (() => Promise<Uint8Array>)[]): AsyncGenerator<Uint8Array, void, undefined> {
  const coming: Promise<Uint8Array>[] = [];
  const ask = (): void => {
    const fetching = rest.shift()?.();
    if (!fetching) return;
    // Whoever takes the part hears of its rejection. If nobody does, the rejection must not end the process.
    fetching.catch(() => undefined);
    coming.push(fetching);
  };
  for (let ahead = 0; ahead < AHEAD; ahead += 1) ask();
  yield first;
  for (let next = coming.shift(); next; next = coming.shift()) {
    const bytes = await next;
    ask();
    yield bytes;
  }
}

/** Parts that end at multiples of a size, except for the last one. */
function partsOf({ storedSize }: Body, from: number, size: number): Part[] {
  const parts: Part[] = [];
  for (let start = from; start < storedSize;) {
    const end = Math.min(start - (start % size) + size, storedSize);
    parts.push({ start, end });
    start = end;
  }
  return parts;
}

/** Fetches a part, as long as chunks come. Returns false if there is no object. */
async function fetchPart(
  core: Internals,
  at: ObjectCall,
  { object, storedSize }: Body,
  { start, end }: Part,
  into: Uint8Array,
): Promise<boolean> {
  // The last part has no end, so that an object that is too long is noticed.
  const range = end === storedSize ? { start } : { start, end };
  let found = false;
  let filled = 0;
  const request = async function* (call: { signal: AbortSignal }): AsyncGenerator<Uint8Array, void, undefined> {
    const chunks = await at.store.getStream(object, { ...range, ...call });
    found = chunks !== undefined;
    if (chunks) yield* chunks;
  };
  // The parts on their way share a line.
  const bytesLeft = (): number => AHEAD * (into.length - filled);
  for await (const chunk of stepped(core, at, 'reading an object', request, bytesLeft)) {
    if (chunk.length > into.length - filled) throw wrongSize(object, storedSize, 'more', at.where);
    into.set(chunk, filled);
    filled += chunk.length;
  }
  if (found && filled < into.length) throw wrongSize(object, storedSize, 'fewer', at.where);
  return found;
}

function wrongSize(object: string, storedSize: number, which: 'more' | 'fewer', where: ErrorContext): CorruptEntryError {
  return new CorruptEntryError(`the object ${object} has ${which} than the ${storedSize} bytes that its entry says`, where);
}
