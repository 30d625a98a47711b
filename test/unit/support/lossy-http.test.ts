import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer, request, Agent, type IncomingHttpHeaders, type Server } from 'node:http';
import { once } from 'node:events';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { startLossyHttp, type LossyHttp } from '../../support/lossy-http.ts';
import { until } from '../../support/until.ts';

/** The proxy that the fault tests trust: each fate is what it says, and everything else goes through unchanged. */

const BODY = Buffer.alloc(300_000, 'abcdefg');

let server: Server;
let target: number;
/** What reached the server. */
const seen: { method: string; path: string; headers: IncomingHttpHeaders; body: Buffer }[] = [];
let proxy: LossyHttp;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

beforeAll(async () => {
  server = createServer((incoming, answer) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url: path = '', headers } = incoming;
      seen.push({ method, path, headers, body: Buffer.concat(chunks) });
      if (path === '/missing') answer.writeHead(404).end();
      else if (path === '/upload') answer.writeHead(200, { location: `http://127.0.0.1:${target}/upload?id=1` }).end();
      else answer.writeHead(200, { 'x-kept': 'yes', 'content-length': BODY.length }).end(method === 'HEAD' ? '' : BODY);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  target = (server.address() as AddressInfo).port;
});
beforeEach(async () => {
  seen.length = 0;
  proxy = await startLossyHttp(target);
});
afterEach(() => proxy.stop());
afterAll(() => {
  agent.destroy();
  server.closeAllConnections();
  server.close();
});

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  socket: unknown;
}

/** One request through the proxy, over one connection that is kept. */
function call(method: string, path: string, body?: Buffer, headers = {}, signal?: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: proxy.port, agent, method, path, headers, ...(signal && { signal }) });
    sent.on('error', reject).on('response', (reply) => {
      const chunks: Buffer[] = [];
      reply.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', (error) => reject(Object.assign(error, { chunks })));
      reply.on('end', () => {
        resolve({ status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(chunks), socket: sent.socket });
      });
    });
    sent.end(body);
  });
}

const broken = expect.objectContaining({ code: 'ECONNRESET' });
const any = (): boolean => true;

describe('without a fate', () => {
  test('requests and answers go through unchanged, Host included, over one kept connection', async () => {
    const first = await call('PUT', '/a?b=c', BODY, { host: 'bucket.example:81', expect: '100-continue', 'x-mine': '1' });

    const second = await call('GET', '/missing');

    expect(first).toMatchObject({ status: 200, headers: { 'x-kept': 'yes', 'content-length': String(BODY.length) } });
    expect(first.body.equals(BODY)).toBe(true);
    expect(second.status).toBe(404);
    expect(second.socket).toBe(first.socket);
    expect(seen[0]).toMatchObject({ method: 'PUT', path: '/a?b=c', headers: { host: 'bucket.example:81', 'x-mine': '1' } });
    expect(seen[0]?.body.equals(BODY)).toBe(true);
    expect(proxy.requests).toEqual([
      { method: 'PUT', path: '/a?b=c', status: 200 },
      { method: 'GET', path: '/missing', status: 404 },
    ]);
  });

  test('HEAD has no body', async () => {
    expect(await call('HEAD', '/a')).toMatchObject({ status: 200, headers: { 'content-length': String(BODY.length) } });
  });

  test('a redirect into the server leads through the proxy', async () => {
    const { headers } = await call('POST', '/upload', Buffer.from('x'), { host: `127.0.0.1:${proxy.port}` });
    expect(headers.location).toBe(`http://127.0.0.1:${proxy.port}/upload?id=1`);
  });

  test('a client that goes away takes its request with it', async () => {
    const stop = new AbortController();
    const sent = request({ host: '127.0.0.1', port: proxy.port, method: 'PUT', path: '/a', signal: stop.signal });
    sent.on('error', () => undefined).write('the first bytes');
    await until(() => proxy.requests.length === 1);
    stop.abort();

    await until(async () => (await connections()) === 0);

    expect(seen).toEqual([]);
  });
});

function connections(): Promise<number> {
  return new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
}

describe('a fate', () => {
  test('lose-reply: the server did it, the client cannot know', async () => {
    proxy.next(any, { kind: 'lose-reply' });

    await expect(call('PUT', '/a', BODY)).rejects.toEqual(broken);
    expect(seen).toHaveLength(1);
    expect(seen[0]?.body.equals(BODY)).toBe(true);
    expect(proxy.requests).toEqual([{ method: 'PUT', path: '/a', status: 200 }]);
  });

  test('reset: the server hears nothing', async () => {
    proxy.next(any, { kind: 'reset' });

    await expect(call('PUT', '/a')).rejects.toEqual(broken);
    expect(seen).toEqual([]);
    expect(proxy.requests).toEqual([{ method: 'PUT', path: '/a', status: undefined }]);
  });

  test('hang: no answer as long as the client waits', async () => {
    proxy.next(any, { kind: 'hang' });
    const stop = new AbortController();
    const waiting = call('PUT', '/a', BODY, {}, stop.signal);
    await until(() => proxy.requests.length === 1);

    const others = await Promise.all([1, 2, 3].map(() => fetch(`http://127.0.0.1:${proxy.port}/missing`)));
    expect(others.map(({ status }) => status)).toEqual([404, 404, 404]);
    expect(await Promise.race([waiting, Promise.resolve('waits')])).toBe('waits');

    stop.abort();
    await expect(waiting).rejects.toThrow('aborted');
    expect(seen.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET']);
  });

  test('answer: an error as S3 gives it, after the whole request', async () => {
    proxy.next(any, { kind: 'answer', status: 409, code: 'ConditionalRequestConflict' });

    const { status, body } = await call('PUT', '/a', BODY);

    expect(status).toBe(409);
    expect(body.toString()).toContain('<Code>ConditionalRequestConflict</Code>');
    expect((await call('GET', '/a')).status).toBe(200);
    expect(seen.map(({ method }) => method)).toEqual(['GET']);
    expect(proxy.requests.map(({ status }) => status)).toEqual([409, 200]);
  });

  test.each(['/storage/v1/b/x/o/y', '/upload/storage/v1/b/x/o?name=y'])('answer: one as Google gives it: %s', async (path) => {
    proxy.next(any, { kind: 'answer', status: 503, code: 'backendError' });

    const { body } = await call('GET', path);

    expect(JSON.parse(body.toString())).toMatchObject({ error: { code: 503, errors: [{ reason: 'backendError' }] } });
  });

  test.each([0, 1, 100_000])('truncate: %i bytes, then the connection breaks', async (bytes) => {
    proxy.next(any, { kind: 'truncate', bytes });

    const error = await call('GET', '/a').catch((reason: unknown) => reason as { code: string; chunks: Buffer[] });

    expect(error).toEqual(broken);
    expect(Buffer.concat((error as { chunks: Buffer[] }).chunks)).toHaveLength(bytes);
  });

  test('is for so many matching requests alone', async () => {
    proxy.next(({ method, path }) => method === 'GET' && path.startsWith('/a'), { kind: 'answer', status: 500, code: 'x' }, 2);
    const statuses = [];

    for (const path of ['/b', '/a', '/a?x', '/a']) statuses.push((await call('GET', path)).status);

    expect(statuses).toEqual([200, 500, 500, 200]);
  });
});

test('what a server leaves unread of a body does not stand before the next request of the connection', async () => {
  // Answers without reading on, and is gone a moment later.
  const hasty = createTcpServer((socket) => {
    socket
      .on('error', () => undefined)
      .once('data', () => {
        socket.pause().write('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
        setTimeout(() => socket.destroy(), 100);
      });
  }).listen(0, '127.0.0.1');
  await once(hasty, 'listening');
  const before = await startLossyHttp((hasty.address() as AddressInfo).port);
  const over = connect(before.port, '127.0.0.1').on('error', () => undefined);
  let replies = '';
  over.on('data', (chunk: Buffer) => (replies += chunk.toString()));

  try {
    over.write(`PUT /a HTTP/1.1\r\nhost: x\r\ncontent-length: ${20 * BODY.length}\r\n\r\n`);
    for (let sent = 0; sent < 20; sent += 1) over.write(BODY);
    over.write('GET /b HTTP/1.1\r\nhost: x\r\n\r\n');

    await until(() => replies.split('403 Forbidden').length === 3);

    expect(before.requests.map(({ method }) => method)).toEqual(['PUT', 'GET']);
  } finally {
    over.destroy();
    await before.stop();
    hasty.close();
  }
});
