import { afterEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { callbackHandler, type Callback, type CallbackHandler, type CallbackHandlerOptions } from '../../src/index.ts';
import { until } from '../support/until.ts';

/** Callbacks over real sockets: Node's own server, and what senders do to it. */

const SECRET = 'this secret has more than 32 characters';
const MIB = 1024 * 1024;

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
});

async function serve(
  options: Partial<CallbackHandlerOptions> = {},
  answer: (handler: CallbackHandler, request: IncomingMessage, response: ServerResponse) => unknown = ({ node }, ...given) =>
    node(...given),
) {
  const delivered: Callback[] = [];
  const handler = callbackHandler({ secret: SECRET, deliver: async (one) => void delivered.push(one), ...options });
  server = createServer((request, response) => void answer(handler, request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return { delivered, port, url: handler.url(`http://127.0.0.1:${port}/hooks?from=test`, 'the-token') };
}

/** Posts chunks for as long as the server takes them. Resolves with the status, if there was an answer, and the bytes it took. */
function postEndlessly(url: string): Promise<{ status: number | undefined; sent: number }> {
  return new Promise((resolve) => {
    const sender = httpRequest(url, { method: 'POST' });
    let status: number | undefined;
    const chunk = Buffer.alloc(64 * 1024);
    const more = (): void => {
      while (!sender.destroyed && sender.write(chunk))
        if (sender.socket && sender.socket.bytesWritten > 200 * MIB) sender.destroy();
    };
    sender.on('drain', more).on('error', () => undefined);
    sender.on('response', (response) => {
      status = response.statusCode;
      response.resume().on('error', () => undefined);
    });
    sender.on('close', () => resolve({ status, sent: sender.socket?.bytesWritten ?? 0 }));
    more();
  });
}

/** Sends the head of a request, and a part of its body. */
async function postPart(port: number, url: string) {
  const { pathname, search } = new URL(url);
  const socket = connect(port, '127.0.0.1');
  socket.write(`POST ${pathname}${search} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"state":`);
  let received = '';
  socket.on('data', (chunk) => void (received += chunk.toString()));
  return { socket, received: () => received };
}

describe('over HTTP', () => {
  test('a callback is delivered, as often as it comes', async () => {
    const { delivered, url } = await serve();
    const statuses = [];
    for (let time = 0; time < 3; time += 1) statuses.push((await fetch(url, { method: 'POST', body: '{"n":1}' })).status);

    expect(statuses).toEqual([204, 204, 204]);
    expect(delivered.map((one) => [one.callbackToken, one.json()])).toEqual([0, 1, 2].map(() => ['the-token', { n: 1 }]));
  });

  test('a sender hears that its body is too large', async () => {
    const { delivered, url } = await serve();
    const response = await fetch(url, { method: 'POST', body: 'x'.repeat(300_000) });

    expect([response.status, delivered.length]).toEqual([413, 0]);
  });

  test.each([
    ['a good URL', 413, (url: string) => url],
    ['a wrong URL', 403, (url: string) => `${url}x`],
  ])('a body without end to %s is answered %s before it is read', async (_what, status, change) => {
    const { delivered, url } = await serve();
    const outcome = await postEndlessly(change(url));

    expect([status, undefined]).toContain(outcome.status);
    // What is on its way, in the buffers of both systems, counts as sent.
    expect(outcome.sent).toBeLessThan(32 * MIB);
    expect(delivered).toEqual([]);
  });

  test('a body that stops in the middle is answered 408 at the timeout', async () => {
    const { delivered, port, url } = await serve({ timeout: 50 });
    const { socket, received } = await postPart(port, url);
    await once(socket, 'close');

    expect(received()).toMatch(/^HTTP\/1\.1 408 /);
    expect(delivered).toEqual([]);
  });

  test('a sender that breaks off delivers nothing', async () => {
    const lines: object[] = [];
    const log = (fields: object): void => void lines.push(fields);
    const { delivered, port, url } = await serve({ logger: { debug: log, info: log, warn: log, error: log } });
    const { socket } = await postPart(port, url);
    await once(server as Server, 'request');
    socket.destroy();
    await until(() => lines.length === 1);

    expect(lines).toEqual([{ status: 400, reason: 'the sender broke off' }]);
    expect(delivered).toEqual([]);
    expect((await fetch(url, { method: 'POST' })).status).toBe(204);
  });

  test.each([
    ['as an object', { state: 'done' }],
    ['as a text', '{"state":"done"}'],
    ['as bytes', Buffer.from('{"state":"done"}')],
  ])('a body that a parser of the framework has read %s is delivered', async (_how, body) => {
    const { delivered, url } = await serve({}, async (handler, request, response) => {
      for await (const _chunk of request);
      handler.node(Object.assign(request, { body }), response);
    });

    expect((await fetch(url, { method: 'POST', body: '{"state":"done"}' })).status).toBe(204);
    expect(delivered[0]?.json()).toEqual({ state: 'done' });
  });

  test('a parsed body has the same limit', async () => {
    const { url } = await serve({ maxBodyBytes: 10 }, (handler, request, response) =>
      handler.node(Object.assign(request, { body: { state: 'done' } }), response),
    );

    expect((await fetch(url, { method: 'POST' })).status).toBe(413);
  });

  test('a body that other code has read without keeping it is answered 500', async () => {
    const { url } = await serve({}, async (handler, request, response) => {
      for await (const _chunk of request);
      handler.node(request, response);
    });

    expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(500);
  });
});
