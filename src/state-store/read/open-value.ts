import { Readable } from 'node:stream';
import { abortController, joined, onAbort } from '../../async/abort.ts';
import type { StoredEntry } from '../../format/entry.ts';
import type { RawEntry } from '../../metastore/metastore.ts';
import { decodeFrames, isFramed } from '../objects/transcode.ts';
import { follow, inlineBody, loadBytes, locate, type EntrySource } from './load-value.ts';
import { only, openBody } from '../objects/body.ts';
import { storeClosed } from '../in-flight.ts';
import { verified } from '../objects/verified.ts';

/**
 * From an entry to a stream of its value's bytes. Memory is constant if the value was written as a stream, or is not encoded. A
 * stream that nobody reads does not keep a store from closing; closing ends it.
 */

/**
 * The serialized value of an entry as a stream; `undefined` if a second read shows that it is gone.
 *
 * @throws {@link MissingObjectError} {@link CorruptEntryError} {@link UnknownLocationError} {@link CodecUnavailableError}
 *   {@link StoreUnavailableError}
 */
export async function openValue(source: EntrySource, raw: RawEntry): Promise<Readable | undefined> {
  const stop = abortController();
  const { signal, leave } = joined(stop.signal, source.call.signal);
  const bounded = { ...source, call: { signal } };
  let opened: Awaited<ReturnType<typeof follow<AsyncIterable<Uint8Array>>>>;
  try {
    opened = await follow(bounded, raw, (entry) => bytesOf(bounded, entry));
  } finally {
    if (!opened) leave();
  }
  if (!opened) return undefined;
  const chunks = opened.value[Symbol.asyncIterator]();
  const listening: (() => void)[] = [];
  const readable = new Readable({
    read() {
      chunks.next().then(
        (step) => this.push(step.done ? null : step.value),
        (error: unknown) => this.destroy(error as Error),
      );
    },
    destroy(error, done) {
      for (const end of listening) end();
      // Ends the wait for a chunk.
      stop.abort();
      leave();
      done(error);
    },
  });
  listening.push(
    onAbort(signal, () => readable.destroy(signal.reason as Error)),
    // An error that nobody listens to would end the process. A later reader finds a destroyed stream.
    onAbort(source.core.closing, () => readable.destroy(readable.listenerCount('error') > 0 ? storeClosed() : undefined)),
  );
  return readable;
}

/** The bytes of a value in order, or `undefined` if its object is missing. */
async function bytesOf(source: EntrySource, entry: StoredEntry): Promise<AsyncIterable<Uint8Array> | undefined> {
  const { meta } = entry;
  const { ref } = meta;
  if (!ref) return only(new Uint8Array(inlineBody(entry, source)));
  const isPlain = ref.codec === 'none' && ref.encryption === undefined;
  if (!isFramed(ref) && !isPlain) {
    const bytes = await loadBytes(source, meta, ref);
    return bytes && only(bytes);
  }
  const { at, decode } = locate(source, ref);
  const body = ref.storedSize === 0 ? only(new Uint8Array()) : await openBody(source.core, at, ref);
  if (!body) return undefined;
  const chunks = verified(body, ref, at.where);
  if (isFramed(ref)) return decodeFrames(chunks, meta, ref, decode, at.where);
  return chunks;
}
