import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type RequestListener, type Server } from 'node:http';
import { boardHandler, type BoardHandler } from '../../src/board.ts';
import type { StateStore } from '../../src/index.ts';
import { memoryStateStore } from '../../src/testing.ts';
import { boardJobs } from '../support/board-jobs.ts';

/** The board below a path of a web framework, as docs/board.md mounts it. */

let store: StateStore;
let board: BoardHandler;

beforeEach(() => {
  store = memoryStateStore();
  board = boardHandler(store, { interval: 20 });
});

afterEach(async () => {
  board.close();
  await store.close();
});

/** Asks for the page, for one job, for the first events. */
async function visit(origin: string): Promise<unknown[]> {
  const { scope } = await boardJobs(store).running('transcode', 1);
  const post = (name: string, body?: object): Promise<Response> =>
    fetch(`${origin}/ops/board/${name}`, {
      method: 'POST',
      headers: { 'x-mooring-board': 'page', ...(body && { 'content-type': 'application/json' }) },
      body: body ? JSON.stringify(body) : null,
    });
  const page = await fetch(`${origin}/ops/board/`);
  const detail = (await (await post('job.json', { scope, key: 'external_job_id' })).json()) as { row: { externalId: string } };
  const stream = await post('events.stream');
  const reader = stream.body?.getReader();
  const first = new TextDecoder().decode((await reader?.read())?.value);
  await reader?.cancel();
  return [(await page.text()).includes('main.js'), detail.row.externalId, first.startsWith('event: hello')];
}

const SEEN = [true, 't-1', true];

async function listening(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closed(server: Server): Promise<void> {
  board.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

describe('the board is mounted in', () => {
  test('Express', async () => {
    const app = express();
    app.use('/ops/board', board.node);
    const server = createServer(app as unknown as RequestListener);

    expect(await visit(await listening(server))).toEqual(SEEN);
    await closed(server);
  });

  test('Express, below a path without its last slash', async () => {
    const app = express();
    app.use('/ops/board', board.node);
    const server = createServer(app as unknown as RequestListener);

    const page = await fetch(`${await listening(server)}/ops/board`);

    expect(page.url).toMatch(/\/ops\/board\/$/);
    expect(page.status).toBe(200);
    await closed(server);
  });

  test('Fastify', async () => {
    const app = fastify();
    app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, _body, done) => done(null));
      scope.all('/ops/board/*', (request, reply) => {
        reply.hijack();
        board.node(request.raw, reply.raw);
      });
    });
    const origin = await app.listen({ port: 0, host: '127.0.0.1' });

    expect(await visit(origin)).toEqual(SEEN);
    await closed(app.server);
  });

  test('Hono', async () => {
    const app = new Hono();
    app.all('/ops/board/*', (context) => board.fetch(context.req.raw));
    const { scope } = await boardJobs(store).running('transcode', 1);
    const ask = (name: string, init?: RequestInit): Promise<Response> =>
      Promise.resolve(app.request(`http://ops.example.com/ops/board/${name}`, init));

    const page = await ask('');
    const headers = { 'x-mooring-board': 'page' };
    const detail = await ask('job.json', { method: 'POST', headers, body: JSON.stringify({ scope, key: 'external_job_id' }) });

    expect(page.status).toBe(200);
    expect(await detail.json()).toMatchObject({ row: { externalId: 't-1' } });
  });
});
