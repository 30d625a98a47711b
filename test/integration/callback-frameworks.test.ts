import { expect, test } from '@jest/globals';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { callbackHandler, type Callback, type CallbackHandler } from '../../src/index.ts';

/** The lines that `docs/callbacks.md` tells to users of each framework. */

const SECRET = 'this secret has more than 32 characters';

interface Served {
  base: string;
  post(url: string, init: RequestInit): Promise<Response>;
  close(): Promise<unknown>;
}

const send = (url: string, init: RequestInit): Promise<Response> => fetch(url, init);

async function serveExpress(
  { node }: CallbackHandler,
  before: (app: express.Express) => unknown = () => undefined,
): Promise<Served> {
  const app = express();
  before(app);
  app.all('/callbacks', node);
  const server: Server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callbacks`;
  return { base, post: send, close: () => new Promise((resolve) => server.close(resolve)) };
}

async function serveFastify({ node }: CallbackHandler): Promise<Served> {
  const app = fastify();
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    scope.all('/callbacks', (request, reply) => {
      reply.hijack();
      node(request.raw, reply.raw);
    });
  });
  const base = `${await app.listen({ host: '127.0.0.1', port: 0 })}/callbacks`;
  return { base, post: send, close: () => app.close() };
}

async function serveHono({ fetch: handle }: CallbackHandler): Promise<Served> {
  const app = new Hono();
  app.all('/callbacks', (context) => handle(context.req.raw));
  const post = async (url: string, init: RequestInit): Promise<Response> => app.fetch(new Request(url, init));
  return { base: 'http://localhost/callbacks', post, close: () => Promise.resolve() };
}

test.each([
  ['Express', (handler: CallbackHandler) => serveExpress(handler)],
  ['Express after express.json()', (handler: CallbackHandler) => serveExpress(handler, (app) => app.use(express.json()))],
  ['Fastify', serveFastify],
  ['Hono', serveHono],
])('%s serves callbacks as the handler alone does', async (_name, serve) => {
  const delivered: Callback[] = [];
  const handler = callbackHandler({ secret: SECRET, deliver: async (one) => void delivered.push(one), maxBodyBytes: 1000 });
  const { base, post, close } = await serve(handler);
  const url = handler.url(base, 'the-token');
  const json = { 'content-type': 'application/json' };
  const statuses = [
    await post(url, { method: 'POST', body: '{"state":"done"}', headers: json }),
    await post(url, { method: 'POST' }),
    await post(url, { method: 'POST', body: JSON.stringify({ long: 'x'.repeat(2000) }), headers: json }),
    await post(`${url}x`, { method: 'POST', body: '{}', headers: json }),
    await post(url, { method: 'GET' }),
  ].map(({ status }) => status);
  await close();

  expect(statuses).toEqual([204, 204, 413, 403, 405]);
  expect(delivered.map(({ callbackToken }) => callbackToken)).toEqual(['the-token', 'the-token']);
  expect(delivered[0]?.json()).toEqual({ state: 'done' });
});
