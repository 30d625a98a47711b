import { Readable } from 'node:stream';
import { abortController, joined, onAbort, type CallOptions } from '../../async/deadline.ts';
import type { StoredEntry } from '../../format/entry.ts';
import type { RawEntry } from '../../metastore/metastore.ts';
import type { StoreCore } from '../internals.ts';
import { decodeFrames, isFramed } from './decode.ts';
import { follow, inlineBody, locate } from './follow.ts';
import { loadBytes } from './load-value.ts';
import { only, openBody } from '../objects/body.ts';
import { storeClosed } from '../in-flight.ts';
import type { ValueAddress } from '../objects/new-object.ts';
import { verified } from './verified.ts';

/**
 * From an entry to a stream of its value's bytes, in constant memory where it was written as a stream, or is not encoded. Nothing is
 * tracked once the stream is handed out: one that nobody reads must not keep a store from closing. Closing ends it.
 */

/**
 * The serialized value of an entry as a stream; `undefined` where a second look showed that there is none any more.
 *
 * @param reread - Reads the entry again.
 * @throws {@link MissingObjectError} {@link CorruptEntryError} {@link UnknownLocationError} {@link CodecUnavailableError}
 *   {@link StoreUnavailableError}
 */
export async function openValue(
  core: StoreCore,
  address: ValueAddress,
  raw: RawEntry,
  reread: () => Promise<RawEntry | undefined>,
  call: CallOptions,
): Promise<Readable | undefined> {
  const stop = abortController();
  const { signal, leave } = joined(stop.signal, call.signal);
  let opened: Awaited<ReturnType<typeof follow<AsyncIterable<Uint8Array>>>>;
  try {
    opened = await follow(core, address, raw, reread, (entry) => pieces(core, address, entry, { signal }));
  } finally {
    if (!opened) leave();
  }
  if (!opened) return undefined;
  const source = opened.value[Symbol.asyncIterator]();
  const listening: (() => void)[] = [];
  const readable = new Readable({
    read() {
      source.next().then(
        (step) => this.push(step.done ? null : step.value),
        (error: unknown) => this.destroy(error as Error),
      );
    },
    destroy(error, done) {
      for (const end of listening) end();
      // Ends a chunk that is being waited for.
      stop.abort();
      leave();
      done(error);
    },
  });
  listening.push(
    onAbort(signal, () => readable.destroy(signal.reason as Error)),
    // An error that nobody listens to would end the process. Whoever comes to read later finds a stream that was destroyed.
    onAbort(core.closing, () => readable.destroy(readable.listenerCount('error') > 0 ? storeClosed() : undefined)),
  );
  return readable;
}

/** The bytes of a value in order, or `undefined` where its object is missing. */
async function pieces(
  core: StoreCore,
  address: ValueAddress,
  entry: StoredEntry,
  call: CallOptions,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const { meta } = entry;
  const { ref } = meta;
  if (!ref) return only(new Uint8Array(inlineBody(entry, address)));
  const isPlain = ref.codec === 'none' && ref.encryption === undefined;
  if (!isFramed(ref) && !isPlain) {
    const bytes = await loadBytes(core, address, meta, ref, call);
    return bytes && only(bytes);
  }
  const { at, decode } = locate(core, address, ref, call);
  const body = await openBody(core, at, ref);
  if (!body) return undefined;
  const chunks = verified(body, ref, at.where);
  if (isFramed(ref)) return decodeFrames(chunks, meta, ref, decode, at.where);
  return chunks;
}
