import { onAbort } from '../../async/abort.ts';
import { alreadyRead, BrokenOff, type HttpAnswer, type Incoming } from './answer.ts';

/** Callbacks that come as a `Request` of the web. */

/** The request as answering needs it. */
export function incomingWeb(request: Request): Incoming {
  return {
    method: request.method,
    url: request.url,
    header: (name) => request.headers.get(name) ?? undefined,
    async read(most, signal) {
      if (request.bodyUsed) throw alreadyRead();
      return request.body ? readAll(request.body, most, signal) : new Uint8Array();
    },
  };
}

async function readAll(body: ReadableStream<Uint8Array>, most: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const reader = body.getReader();
  const drop = (): void => void reader.cancel().catch(() => undefined);
  const leave = onAbort(signal, drop);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(() => Promise.reject(new BrokenOff('the sender broke off')));
      if (done) return Buffer.concat(chunks);
      bytes += value.length;
      if (bytes > most) {
        drop();
        return undefined;
      }
      chunks.push(value);
    }
  } finally {
    leave();
  }
}

/** The answer as a `Response`. */
export function webResponse({ status, text, headers }: HttpAnswer): Response {
  return new Response(status === 204 ? null : text, { status, headers });
}
