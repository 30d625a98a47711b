import type { IncomingMessage, ServerResponse } from 'node:http';
import { onAbort } from '../../async/abort.ts';
import { alreadyRead, BrokenOff, type HttpAnswer, type Incoming } from './answer.ts';

/** Callbacks that come to Node's own server, or to a framework on it. */

/** A request of `node:http`. A framework may have parsed its body. */
export type NodeRequest = IncomingMessage & { body?: unknown };

/** Of a body that is too large, so many bytes are read and dropped, so that the sender hears the answer. */
const DROPPED = 1024 * 1024;

/** The request as answering needs it. */
export function incomingNode(request: NodeRequest): Incoming {
  return {
    method: request.method,
    url: request.url ?? '',
    header(name) {
      const value = request.headers[name.toLowerCase()];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    async read(most, signal) {
      const parsed = parsedBody(request.body);
      if (parsed) return parsed.length > most ? undefined : parsed;
      if (request.readableDidRead) throw alreadyRead();
      return readAll(request, most, signal);
    },
  };
}

/** A body that a framework has parsed, as bytes. They need not be those that were sent. */
function parsedBody(body: unknown): Uint8Array | undefined {
  if (body === undefined || body === null) return undefined;
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function readAll(request: IncomingMessage, most: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  return new Promise((resolve, reject) => {
    const leave = onAbort(signal, () => end(() => reject(signal.reason as Error)));
    const end = (settle: () => void): void => {
      leave();
      request.off('data', more).off('end', ended).off('close', broken).off('error', broken).pause();
      settle();
    };
    const more = (chunk: Uint8Array): void => {
      bytes += chunk.length;
      if (bytes <= most) chunks.push(chunk);
      else chunks.length = 0;
      if (bytes > most + DROPPED) end(() => resolve(undefined));
    };
    const ended = (): void => end(() => resolve(bytes > most ? undefined : Buffer.concat(chunks)));
    const broken = (): void => end(() => reject(new BrokenOff('the sender broke off')));
    request.on('data', more).on('end', ended).on('close', broken).on('error', broken);
    if (request.destroyed) broken();
  });
}

/** Sends the answer. The rest of a body that was not read to its end is not read: the connection ends. */
export function sendAnswer(request: IncomingMessage, response: ServerResponse, { status, text, headers }: HttpAnswer): void {
  if (response.destroyed || response.headersSent) return;
  const unread = !request.complete && request.httpVersionMajor < 2;
  response.writeHead(status, { ...headers, ...(unread && { connection: 'close' }) });
  response.end(text);
}
