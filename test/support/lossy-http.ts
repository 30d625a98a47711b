import { once } from 'node:events';
import { createServer, request as send, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * An HTTP/1.1 proxy that gives single requests a fate. Bodies are streamed; the Host header is handed on as it came, since
 * signatures cover it; a redirect into the server leads through the proxy.
 */

/** What a request is known by. */
export interface HttpRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** What becomes of a request. */
export type Fate =
  /** The server has answered in full; the connection breaks before the client hears any of it. */
  | { kind: 'lose-reply' }
  /** The connection is reset; the server hears nothing. */
  | { kind: 'reset' }
  /** There is no answer as long as the client waits; the server hears nothing. */
  | { kind: 'hang' }
  /** This error, as S3 or Google Cloud Storage would give it; the server hears nothing. */
  | { kind: 'answer'; status: number; code: string }
  /** So many bytes of the answer's body, then the connection breaks. */
  | { kind: 'truncate'; bytes: number };

/** A proxy. */
export interface LossyHttp {
  readonly port: number;
  /** All so far. The status is the server's, or that of the answer in its place; `undefined` where there was none. */
  readonly requests: readonly { readonly method: string; readonly path: string; readonly status: number | undefined }[];
  /** The next `times` requests that match get this fate. @defaultValue 1 time */
  next(match: (request: HttpRequest) => boolean, fate: Fate, times?: number): void;
  stop(): Promise<void>;
}

/** Headers that are between two neighbours. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'expect']);

/** Starts a proxy in front of a server on 127.0.0.1. */
export async function startLossyHttp(target: number): Promise<LossyHttp> {
  const requests: { method: string; path: string; status: number | undefined }[] = [];
  const waiting: { match: (request: HttpRequest) => boolean; fate: Fate; left: number }[] = [];
  const fateOf = (request: HttpRequest): Fate | undefined => {
    const found = waiting.find(({ match, left }) => left > 0 && match(request));
    if (found) found.left -= 1;
    return found?.fate;
  };
  const server = createServer((incoming, answer) => {
    const { method = '', url: path = '', headers } = incoming;
    const entry = { method, path, status: undefined as number | undefined };
    requests.push(entry);
    const fate = fateOf({ method, path, headers });
    incoming.on('error', () => undefined);
    answer.on('error', () => undefined);
    if (fate?.kind === 'reset') {
      incoming.socket.resetAndDestroy();
    } else if (fate?.kind === 'hang') {
      incoming.resume();
    } else if (fate?.kind === 'answer') {
      entry.status = fate.status;
      incoming.resume().once('end', () => refuse(answer, path, fate));
    } else {
      void forward(incoming, answer, target, (status) => (entry.status = status), fate).catch(() => incoming.socket.destroy());
    }
  });
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    next(match, fate, times = 1) {
      waiting.push({ match, fate, left: times });
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function forward(
  incoming: IncomingMessage,
  answer: ServerResponse,
  target: number,
  answered: (status: number) => void,
  fate: { kind: 'lose-reply' } | { kind: 'truncate'; bytes: number } | undefined,
): Promise<void> {
  const { method, url: path, headers } = incoming;
  const outgoing = send({ host: '127.0.0.1', port: target, method, path, headers: neighbours(headers), agent: false });
  answer.once('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
  // A server may answer before it has read the body. What is left of it would stand before the next request of the connection.
  outgoing.once('close', () => incoming.unpipe(outgoing).resume());
  const [reply] = (await once(outgoing, 'response')) as [IncomingMessage];
  const status = reply.statusCode as number;
  answered(status);
  if (fate?.kind === 'lose-reply') {
    await once(reply.resume(), 'end');
    incoming.socket.destroy();
    return;
  }
  const replied = neighbours(reply.headers);
  const own = `http://127.0.0.1:${target}`;
  const { location } = replied;
  if (location?.startsWith(own)) replied.location = `http://${headers.host}${location.slice(own.length)}`;
  answer.writeHead(status, reply.statusMessage, replied);
  if (fate === undefined) {
    reply.on('error', () => incoming.socket.destroy()).pipe(answer);
    return;
  }
  let left = fate.bytes;
  answer.flushHeaders();
  for await (const chunk of reply as AsyncIterable<Buffer>) {
    await new Promise<void>((written) => void answer.write(chunk.subarray(0, left), () => written()));
    if (chunk.length > left) {
      incoming.socket.destroy();
      return;
    }
    left -= chunk.length;
  }
  answer.end();
}

function neighbours(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}

function refuse(answer: ServerResponse, path: string, { status, code }: { status: number; code: string }): void {
  const google = /^\/(?:(?:upload|download|resumable)\/)?(?:upload\/)?storage\/v1\//.test(path);
  const [type, body] = google
    ? ['application/json', JSON.stringify({ error: { code: status, message: code, errors: [{ reason: code, message: code }] } })]
    : ['application/xml', `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`];
  answer.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  answer.end(body);
}
