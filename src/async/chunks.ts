import { untilAborted } from './abort.ts';

/**
 * The chunks of a body. Ends when the signal aborts, even while the body's source gives nothing, and tells the source to stop.
 *
 * @throws the signal's reason, or whatever the source throws.
 */
export async function* chunksOf(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  signal?.throwIfAborted();
  if (body instanceof Uint8Array) {
    yield body;
    return;
  }
  const source = body[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const step = await untilAborted(source.next(), signal);
      ended = step.done === true;
      if (ended) return;
      yield step.value as Uint8Array;
    }
  } finally {
    // Not waited for: a source that hangs may hang in this too.
    if (!ended) void Promise.resolve(source.return?.()).catch(() => undefined);
  }
}
