import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { request } from 'node:http';
import { serveBoard, type ServeBoardOptions, type ServedBoard } from '../../../src/board/serve.ts';
import type { StateStore } from '../../../src/index.ts';
import { memoryStateStore } from '../../../src/testing.ts';

/** A board on a port of its own. */

let store: StateStore;
let stop: AbortController;

beforeEach(() => {
  store = memoryStateStore();
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await store.close();
});

function serve(options: Partial<ServeBoardOptions> = {}): Promise<ServedBoard> {
  return serveBoard(store, { port: 0, host: '127.0.0.1', origins: [], allowChanges: false, signal: stop.signal, ...options });
}

/** The status of the page, asked for by a name. */
async function statusAs(host: string, port: string): Promise<number> {
  const asked = request({ host: '127.0.0.1', port, headers: { host } });
  asked.end();
  const [response] = (await once(asked, 'response')) as [{ statusCode: number; resume(): void }];
  response.resume();
  return response.statusCode;
}

describe('a board on this machine', () => {
  test('has a token that nobody guesses, another one each time', async () => {
    const [one, other] = [await serve(), await serve()].map(({ url }) => new URL(url).hash);

    expect(one).toMatch(/^#[\w-]{43}$/);
    expect(other).not.toBe(one);
  });

  test('is reached by the names of this machine alone', async () => {
    const { port } = new URL((await serve()).url);

    expect(await statusAs(`127.0.0.1:${port}`, port)).toBe(200);
    expect(await statusAs(`localhost:${port}`, port)).toBe(200);
    expect(await statusAs(`rebound.example.com:${port}`, port)).toBe(403);
  });

  test('is reached by an origin that was given', async () => {
    const { port } = new URL((await serve({ origins: ['https://ops.example.com'] })).url);

    expect(await statusAs('ops.example.com', port)).toBe(200);
  });

  test('gives no data without the token', async () => {
    const { url } = await serve();
    const ask = (token: string): Promise<Response> =>
      fetch(new URL('events.stream', url), { method: 'POST', headers: { 'x-mooring-board': token } });

    const right = await ask(new URL(url).hash.slice(1));

    expect([(await ask('page')).status, right.status]).toEqual([401, 200]);
    await right.body?.cancel();
  });

  test('ends with the signal, while a page is open', async () => {
    const { url, ended } = await serve();
    const { hash } = new URL(url);
    const stream = await fetch(new URL('events.stream', url), { method: 'POST', headers: { 'x-mooring-board': hash.slice(1) } });

    stop.abort();

    await ended;
    await expect(fetch(url)).rejects.toThrow('fetch failed');
    await stream.body?.cancel().catch(() => undefined);
  });

  test('refuses a port that is taken', async () => {
    const { port } = new URL((await serve()).url);

    await expect(serve({ port: Number(port) })).rejects.toMatchObject({ code: 'mooring.config', option: 'port' });
  });

  test('refuses a host that is not of this machine', async () => {
    await expect(serve({ host: '192.0.2.1' })).rejects.toMatchObject({ code: 'mooring.config', option: 'host' });
  });

  test('says whether other machines reach it', async () => {
    expect((await serve()).local).toBe(true);
    expect((await serve({ host: '0.0.0.0' })).local).toBe(false);
  });
});
