import type { ServerResponse } from 'node:http';
import type { Sink } from './listeners.ts';

/** Where the events of one page go, in each kind of server. */

/** A response of `node:http`. */
export function nodeSink(response: ServerResponse): Sink {
  return {
    send(text) {
      if (!response.destroyed) response.write(text);
    },
    pending: () => response.writableLength,
    onTaken: (call) => void response.once('drain', call),
    end: () => response.end(),
  };
}

/** The body of a `Response` of the web. Whoever cancels it leaves. */
export function webStream(join: (sink: Sink) => () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let leave = (): void => undefined;
  let taken = (): void => undefined;
  const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    leave = join({
      send: (text) => controller.enqueue(encoder.encode(text)),
      pending: () => -(controller.desiredSize ?? 0),
      onTaken: (call) => void (taken = call),
      end: () => controller.close(),
    });
  };
  // Somebody reads, and nothing is there.
  const pull = (): void => {
    const call = taken;
    taken = () => undefined;
    call();
  };
  return new ReadableStream({ start, pull, cancel: () => leave() }, new ByteLengthQueuingStrategy({ highWaterMark: 0 }));
}
