import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { boardHandler, type BoardHandler, type BoardHandlerOptions } from '../../../src/board.ts';
import type { BoardDetail, BoardEvents, BoardOrphan, BoardRow } from '../../../src/board/wire.ts';
import { jobRecords, type StateStore } from '../../../src/index.ts';
import { memoryStateStore } from '../../../src/testing.ts';
import { boardJobs, STORED_SECRET, type BoardJobs } from '../../support/board-jobs.ts';
import { interceptMetastore } from '../../support/intercept.ts';
import { memoryMetastore } from '../../../src/testing.ts';
import { until } from '../../support/until.ts';

/** What the board answers, without a browser. `fetch` stands for both kinds of servers: one function answers. */

const TOKEN = 'a token that has more than 32 characters';
const BASE = 'http://ops.example.com/admin/board/';

let store: StateStore;
let jobs: BoardJobs;
const boards: BoardHandler[] = [];

beforeEach(() => {
  store = memoryStateStore();
  jobs = boardJobs(store);
});

afterEach(async () => {
  for (const one of boards.splice(0)) one.close();
  await store.close();
});

function board(options: BoardHandlerOptions = {}, on: StateStore = store): BoardHandler {
  const made = boardHandler(on, { interval: 20, ...options });
  boards.push(made);
  return made;
}

interface Asking {
  board: BoardHandler;
  body?: unknown;
  headers?: Record<string, string>;
  url?: string;
}

/** A request as the page makes it, unless it is told otherwise. */
function post(name: string, { board, body, headers = {}, url = BASE }: Asking): Promise<Response> {
  return board.fetch(
    new Request(url + name, {
      method: 'POST',
      headers: { 'x-mooring-board': TOKEN, ...headers },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    }),
  );
}

async function codeOf(answer: Promise<Response>): Promise<[number, string]> {
  const response = await answer;
  return [response.status, ((await response.json()) as { error: { code: string } }).error.code];
}

/** The events of a stream, as they come. */
function listening(response: Response) {
  const heard: { name: string; event: unknown }[] = [];
  let text = '';
  let ended = false;
  const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
  const read = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      text += value;
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const [, name = '', data = ''] = /^event: (\w+)\ndata: (.*)$/s.exec(block) ?? [];
        if (name !== '') heard.push({ name, event: JSON.parse(data) });
      }
    }
    ended = true;
  };
  void read();
  const all = <Name extends keyof BoardEvents>(name: Name): BoardEvents[Name][] =>
    heard.filter((one) => one.name === name).map(({ event }) => event as BoardEvents[Name]);
  /** The rows as a page has them. */
  const rows = (): Map<string, BoardRow> => {
    const known = new Map<string, BoardRow>();
    for (const { all: anew, put, drop } of all('rows')) {
      if (anew) known.clear();
      for (const row of put) known.set(row.id, row);
      for (const id of drop) known.delete(id);
    }
    return known;
  };
  return { all, rows, heard, ended: () => ended, leave: () => reader.cancel() };
}

async function listen(asking: Asking): Promise<ReturnType<typeof listening>> {
  return listening(await post('events.stream', asking));
}

async function rowsOf(on: BoardHandler): Promise<BoardRow[]> {
  const stream = await listen({ board: on });
  await until(() => stream.all('looked').length > 0);
  await stream.leave();
  return [...stream.rows().values()];
}

describe('the files of the page', () => {
  test.each([
    ['', 'text/html; charset=utf-8'],
    ['index.html', 'text/html; charset=utf-8'],
    ['board.css', 'text/css; charset=utf-8'],
    ['main.js', 'text/javascript; charset=utf-8'],
    ['icon.svg', 'image/svg+xml'],
  ])('%j is there wherever the board is mounted', async (name, type) => {
    const response = await board().fetch(new Request(BASE + name));

    expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
  });

  test('every name that a file mentions is there', async () => {
    const one = board();
    const seen = new Set(['index.html']);
    for (const name of seen) {
      const response = await one.fetch(new Request(BASE + name));
      const text = await response.text();
      expect([name, response.status]).toEqual([name, 200]);
      for (const [, file = ''] of text.matchAll(/(?:from '|href="|src=")\.?\/?([\w-]+\.(?:js|css|svg))['"]/g)) seen.add(file);
    }

    expect(seen.size).toBeGreaterThan(8);
  });

  test('a mount point without its last slash leads to the one with it', async () => {
    const response = await board().fetch(new Request('http://ops.example.com/admin/board'));

    expect([response.status, response.headers.get('location')]).toEqual([307, 'board/']);
  });

  test('what is no file is not found', async () => {
    expect((await board().fetch(new Request(`${BASE}constructor.js`))).status).toBe(404);
  });

  test('nothing may be framed, kept, guessed or loaded from elsewhere', async () => {
    const response = await board().fetch(new Request(BASE));
    const policy = response.headers.get('content-security-policy') ?? '';

    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('the page has no code and no style of its own, which the policy would refuse', async () => {
    const html = await (await board().fetch(new Request(BASE))).text();

    expect(html).not.toMatch(/<style|style=|<script(?![^>]*src=)|\son\w+=|https?:/);
  });
});

describe('a request for data is refused', () => {
  const body = { scope: { flow: 'f', run: 'r', task: 't' }, key: 'k' };

  test.each([
    ['no header', { 'x-mooring-board': undefined }, [403, 'board.header']],
    ['another token', { 'x-mooring-board': `${TOKEN}x` }, [401, 'board.token']],
    ['another origin', { origin: 'https://evil.example.com' }, [403, 'board.origin']],
    ['an origin of another port', { origin: 'http://ops.example.com:81' }, [403, 'board.origin']],
    ['no origin that can be named', { origin: 'null' }, [403, 'board.origin']],
    ['a page of another site', { 'sec-fetch-site': 'cross-site' }, [403, 'board.origin']],
    ['a page of the same site', { 'sec-fetch-site': 'same-site' }, [403, 'board.origin']],
    ['a host that cannot be', { host: 'a b' }, [403, 'board.host']],
  ])('with %s', async (_what, given, refused) => {
    const headers = new Headers({ 'x-mooring-board': TOKEN, host: 'ops.example.com' });
    for (const [name, value] of Object.entries(given)) {
      if (value === undefined) headers.delete(name);
      else headers.set(name, value);
    }
    const one = board({ token: TOKEN });
    const ask = (name: string): Promise<[number, string]> =>
      codeOf(one.fetch(new Request(BASE + name, { method: 'POST', headers, body: JSON.stringify(body) })));

    expect(await ask('job.json')).toEqual(refused);
    expect(await ask('value.json')).toEqual(refused);
    expect(await ask('events.stream')).toEqual(refused);
    expect(await ask('adopt.json')).toEqual(refused);
  });

  test('from a host that is none of the origins, also for a file', async () => {
    const one = board({ token: TOKEN, origins: ['http://127.0.0.1:4000'] });
    const at = (url: string): Promise<Response> => one.fetch(new Request(url));

    expect((await at('http://127.0.0.1:4000/')).status).toBe(200);
    expect(await codeOf(at('http://rebound.example.com:4000/'))).toEqual([403, 'board.host']);
    expect(await codeOf(at('http://127.0.0.1:4001/'))).toEqual([403, 'board.host']);
  });

  test.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('with the method %s', async (method) => {
    const response = await board().fetch(new Request(`${BASE}job.json`, { method }));

    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
  });

  test('with GET: no address names a job', async () => {
    expect((await board().fetch(new Request(`${BASE}job.json?scope=x`))).status).toBe(404);
  });

  test.each([
    ['no body', ''],
    ['no JSON', '{'],
    ['null', 'null'],
    ['no scope', { key: 'k' }],
    ['a scope that cannot be', { scope: { flow: '', run: 'r', task: 't' }, key: 'k' }],
    ['no key', { scope: body.scope }],
  ])('with %s', async (_what, given) => {
    expect(await codeOf(post('job.json', { board: board(), body: given }))).toEqual([400, 'board.bad-body']);
  });

  test('with a body that is too large', async () => {
    const given = { ...body, version: 'x'.repeat(20_000) };

    expect(await codeOf(post('job.json', { board: board(), body: given }))).toEqual([413, 'board.too-large']);
  });

  test('with a name that there is not', async () => {
    expect(await codeOf(post('clear.json', { board: board(), body }))).toEqual([404, 'board.not-found']);
  });
});

describe('options', () => {
  test.each([
    ['token', { token: 'short' }],
    ['origins', { origins: ['https://ops.example.com/board'] }],
    ['origins', { origins: [] }],
    ['maxJobs', { maxJobs: 0 }],
    ['allowChanges', { allowChanges: 'yes' as never }],
  ])('an invalid %s is refused', (option, options) => {
    expect(() => boardHandler(store, options)).toThrow(expect.objectContaining({ code: 'mooring.config', option }));
  });

  test('an error never tells the token', () => {
    expect(() => boardHandler(store, { token: 'hunter2' })).toThrow(/^(?!.*hunter2)/s);
  });
});

describe('the stream', () => {
  test('has each open record', async () => {
    await jobs.running('transcode', 1, 40);
    await jobs.activity('order-7');
    await jobs.ambiguous('transcode', 2);
    await jobs.overdue('transcode', 3);
    await jobs.failed('transcode', 4, 'no codec');

    const rows = await rowsOf(board());

    expect(new Map(rows.map(({ place, state }) => [place, state]))).toEqual(
      new Map([
        ['bull:transcode · job 1', 'submitted'],
        ['bull:transcode · job 2', 'ambiguous'],
        ['bull:transcode · job 3', 'submitting'],
        ['bull:transcode · job 4', 'failed'],
        ['orderWorkflow · order-7 · shipParcel · 1', 'submitted'],
      ]),
    );
    expect(rows.find(({ state }) => state === 'failed')?.reason).toBe('no codec');
    expect(rows.find(({ title }) => title === 'clip-t-1.mp4')).toMatchObject({
      url: 'https://farm.example.com/jobs/t-1',
      externalId: 't-1',
      progress: { share: 0.4, text: '40 %' },
      holder: expect.stringContaining('attempt 1'),
    });
  });

  test('has orphans', async () => {
    await jobs.orphan('transcode', 5);
    const stream = await listen({ board: board() });

    await until(() => stream.all('orphans').at(-1)?.all.length === 1);

    expect(stream.all('orphans').at(-1)?.all[0]).toMatchObject({ externalId: 't-5', place: 'bull:transcode · job 5' });
  });

  test('says only what has changed since', async () => {
    await jobs.running('transcode', 1);
    const stream = await listen({ board: board() });
    await until(() => stream.all('looked').length > 1);
    const before = stream.all('rows').length;

    await jobs.running('transcode', 2);
    await until(() => stream.rows().size === 2);

    expect(stream.all('rows').slice(before)).toEqual([{ put: [expect.objectContaining({ externalId: 't-2' })], drop: [] }]);
  });

  test('drops a record that is gone', async () => {
    const { scope } = await jobs.running('transcode', 1);
    const stream = await listen({ board: board() });
    await until(() => stream.rows().size === 1);

    await store.task(scope).clear();

    await until(() => stream.rows().size === 0);
  });

  test('shows what waits for a person first if there is too much', async () => {
    await jobs.running('transcode', 1);
    await jobs.running('transcode', 2);
    await jobs.ambiguous('transcode', 3);
    const stream = await listen({ board: board({ maxJobs: 2 }) });

    await until(() => stream.all('looked').length > 0);

    expect([...stream.rows().values()].map(({ state }) => state)).toEqual(['ambiguous', 'submitted']);
    expect(stream.all('looked').at(-1)?.more).toBe(1);
  });

  test('is refused once too many listen', async () => {
    const one = board({ maxListeners: 1 });
    const stream = await listen({ board: one });

    const refused = await post('events.stream', { board: one });
    await stream.leave();
    let next = refused;
    await until(async () => (next = await post('events.stream', { board: one })).ok);

    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10']);
    await next.body?.cancel();
  });

  test('is refused to those of a burst that are too many', async () => {
    const one = board({ maxListeners: 2 });

    const answers = await Promise.all(Array.from({ length: 5 }, () => post('events.stream', { board: one })));

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 503, 503, 503]);
    await Promise.all(answers.map(async ({ body }) => body?.cancel()));
  });

  test('brings all of many rows to a page that reads late', async () => {
    for (let at = 0; at < 1_000; at += 1) await jobs.running('transcode', at);
    const one = board({ interval: '1h' });
    await rowsOf(one);

    const late = await listen({ board: one });

    await until(() => late.rows().size === 1_000 && late.all('looked').length > 0);
  });

  test('one look serves all who listen', async () => {
    let looks = 0;
    const metastore = interceptMetastore(
      memoryMetastore(),
      ({ method }, proceed) => ((looks += Number(method === 'jobs.open')), proceed()),
    );
    const on = memoryStateStore({ metastore });
    const one = board({ interval: '1h' }, on);
    const streams = [await listen({ board: one }), await listen({ board: one })];
    await until(() => streams.every((stream) => stream.all('looked').length > 0));

    const once = looks;
    const third = await listen({ board: one });
    await until(() => third.all('looked').length > 0);

    expect(looks).toBe(once);
    await on.close();
  });

  test('says that the store cannot be read until it can be again', async () => {
    let broken = false;
    const metastore = interceptMetastore(memoryMetastore(), (_call, proceed) =>
      broken ? Promise.reject(new Error('connect ECONNREFUSED redis://:hunter2@cache')) : proceed(),
    );
    const on = memoryStateStore({ metastore });
    await boardJobs(on).running('transcode', 1);
    const stream = await listen({ board: board({}, on) });
    await until(() => stream.rows().size === 1);

    broken = true;
    await until(() => stream.all('trouble').length > 0);
    const rows = stream.rows().size;
    broken = false;
    const looked = stream.all('looked').length;
    await until(() => stream.all('looked').length > looked);

    expect(rows).toBe(1);
    expect(JSON.stringify(stream.heard)).not.toContain('hunter2');
    await on.close();
  });
});

describe('one job', () => {
  test('has its history, its last poll and the list of its values, but no value', async () => {
    const { scope } = await jobs.killed('transcode', 42);

    const response = await post('job.json', { board: board(), body: { scope, key: 'external_job_id' } });
    const text = await response.text();
    const detail = JSON.parse(text) as BoardDetail;

    expect(detail.history.map(({ kind, attempt }) => [kind, attempt])).toEqual([
      ['submitted', 1],
      ['reconnected', 2],
      ['released', 2],
    ]);
    expect(detail.poll).toMatchObject({ state: 'active', progress: '{"done":310,"total":900}' });
    expect(detail.costPerHour).toEqual({ amount: 1.2, currency: 'EUR' });
    expect(detail.values.map(({ key, offloaded }) => [key, offloaded])).toEqual([
      ['cursor', false],
      ['password', false],
    ]);
    expect(text).not.toContain(STORED_SECRET);
  });

  test('that nobody knows has no row', async () => {
    const body = { scope: { flow: 'f', run: 'r', task: 't' }, key: 'external_job_id' };

    expect(await (await post('job.json', { board: board(), body })).json()).toMatchObject({ history: [], values: [] });
  });
});

describe('a value', () => {
  const scope = { flow: 'f', run: 'r', task: 't' };

  test.each([
    ['JSON', { page: 7 }, { text: '{"page":7}', binary: false, cut: false }],
    ['bytes', new Uint8Array([0, 255, 16]), { text: '00 ff 10', binary: true, cut: false }],
    ['a long text', 'x'.repeat(100_000), { text: `"${'x'.repeat(65_535)}`, binary: false, cut: true }],
    ['a character at the cut', `${'x'.repeat(65_534)}é`, { text: `"${'x'.repeat(65_534)}`, binary: false, cut: true }],
  ])('is shown to those who ask: %s', async (_what, value, preview) => {
    await store.task(scope).set('k', value);

    expect(await (await post('value.json', { board: board(), body: { scope, key: 'k' } })).json()).toEqual(preview);
  });

  test('that is not there is not found', async () => {
    expect(await codeOf(post('value.json', { board: board(), body: { scope, key: 'k' } }))).toEqual([404, 'board.no-value']);
  });

  test('is refused if the board shows none', async () => {
    await store.task(scope).set('k', 1);

    const asked = post('value.json', { board: board({ showValues: false }), body: { scope, key: 'k' } });

    expect(await codeOf(asked)).toEqual([403, 'board.no-values']);
  });
});

describe('changes', () => {
  const stateOf = async (scope: BoardRow['scope']): Promise<string | undefined> => (await jobRecords(store).get(scope))?.state;
  const about = ({ scope, key, version }: BoardRow): object => ({ scope, key, version });

  test.each(['adopt', 'not-submitted', 'reopen', 'forget'])(
    '%s is refused by a board that may change nothing',
    async (change) => {
      await jobs.ambiguous('transcode', 1);
      const one = board();
      const [row] = (await rowsOf(one)) as [BoardRow];

      const asked = post(`${change}.json`, { board: one, body: { ...about(row), externalId: 't-1' } });

      expect(await codeOf(asked)).toEqual([403, 'board.read-only']);
      expect(await stateOf(row.scope)).toBe('ambiguous');
    },
  );

  test.each([
    ['a text', { externalId: '17' }, '17'],
    ['a number', { externalId: '17', json: true }, 17],
    ['an object', { externalId: '{"region":"eu"}', json: true }, { region: 'eu' }],
  ])('adopt takes an ID that is %s', async (_what, given, externalId) => {
    await jobs.ambiguous('transcode', 1);
    const one = board({ allowChanges: true });
    const [row] = (await rowsOf(one)) as [BoardRow];

    expect((await post('adopt.json', { board: one, body: { ...about(row), ...given } })).status).toBe(200);
    expect(await jobRecords(store).get(row.scope)).toMatchObject({ state: 'submitted', externalId });
  });

  test.each([
    ['no ID', {}],
    ['an empty ID', { externalId: ' ' }],
    ['no JSON', { externalId: '{', json: true }],
    ['null', { externalId: 'null', json: true }],
  ])('adopt refuses %s', async (_what, given) => {
    await jobs.ambiguous('transcode', 1);
    const one = board({ allowChanges: true });
    const [row] = (await rowsOf(one)) as [BoardRow];

    expect((await post('adopt.json', { board: one, body: { ...about(row), ...given } })).status).toBe(422);
    expect(await stateOf(row.scope)).toBe('ambiguous');
  });

  test('not-submitted lets the next attempt submit again', async () => {
    await jobs.ambiguous('transcode', 1);
    const one = board({ allowChanges: true });
    const [row] = (await rowsOf(one)) as [BoardRow];

    expect((await post('not-submitted.json', { board: one, body: about(row) })).status).toBe(200);
    expect(await stateOf(row.scope)).toBeUndefined();
  });

  test('reopen lets a failed job be submitted again', async () => {
    await jobs.failed('transcode', 1, 'no codec');
    const one = board({ allowChanges: true });
    const [row] = (await rowsOf(one)) as [BoardRow];

    expect((await post('reopen.json', { board: one, body: about(row) })).status).toBe(200);
    expect(await stateOf(row.scope)).toBeUndefined();
  });

  test('forget takes an orphan off the list', async () => {
    await jobs.orphan('transcode', 5);
    const one = board({ allowChanges: true });
    const stream = await listen({ board: one });
    await until(() => stream.all('orphans').at(-1)?.all.length === 1);
    const orphans = stream.all('orphans').flatMap(({ all }) => all);
    const { id, scope, key } = orphans.at(-1) as BoardOrphan;

    await post('forget.json', { board: one, body: { scope, key, orphan: id } });

    await until(() => stream.all('orphans').at(-1)?.all.length === 0);
  });

  test('an answer to what has changed meanwhile is refused', async () => {
    const made = await jobs.ambiguous('transcode', 1);
    const one = board({ allowChanges: true });
    const [row] = (await rowsOf(one)) as [BoardRow];
    await post('not-submitted.json', { board: one, body: about(row) });
    // The next submission is not known either: the old ID is none of its own.
    while ((await stateOf(row.scope)) !== 'ambiguous') await jobs.again(made);

    const late = post('adopt.json', { board: one, body: { ...about(row), externalId: 't-1' } });

    expect(await codeOf(late)).toEqual([409, 'mooring.version-conflict']);
  });

  test('a change is seen at once, not after the next pause', async () => {
    await jobs.failed('transcode', 1, 'no codec');
    const one = board({ allowChanges: true, interval: '1h' });
    const stream = await listen({ board: one });
    await until(() => stream.all('looked').length > 0);
    const [row] = [...stream.rows().values()] as [BoardRow];

    await post('reopen.json', { board: one, body: about(row) });

    await until(() => stream.rows().size === 0);
  });
});

describe('the end', () => {
  test('ends every stream', async () => {
    const one = board();
    const stream = await listen({ board: one });
    await until(() => stream.all('looked').length > 0);

    one.close();

    await until(stream.ended);
    expect((await one.fetch(new Request(BASE))).status).toBe(503);
  });

  test('comes with the signal, too', async () => {
    const stop = new AbortController();
    const one = board({ signal: stop.signal });
    const stream = await listen({ board: one });

    stop.abort();

    await until(stream.ended);
  });

  test('nobody looks before a page is open', async () => {
    let looks = 0;
    const on = memoryStateStore({
      metastore: interceptMetastore(memoryMetastore(), (_call, proceed) => ((looks += 1), proceed())),
    });
    board({ interval: 1 }, on);

    await new Promise((resolve) => setImmediate(resolve));

    expect(looks).toBe(0);
    await on.close();
  });
});

describe('in a server of node:http', () => {
  let server: Server;
  let url: string;

  async function served(options: BoardHandlerOptions = {}): Promise<BoardHandler> {
    const one = board({ token: TOKEN, ...options });
    server = createServer(one.node);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    return one;
  }

  afterEach(async () => {
    if (!server?.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });

  test('the page, the data and the stream are answered', async () => {
    await jobs.running('transcode', 1);
    await served();
    const headers = { 'x-mooring-board': TOKEN };
    const stream = listening(await fetch(`${url}events.stream`, { method: 'POST', headers }));

    await until(() => stream.rows().size === 1);

    expect((await fetch(url)).status).toBe(200);
    const [{ scope, key }] = [...stream.rows().values()] as [BoardRow];
    const detail = await fetch(`${url}job.json`, { method: 'POST', headers, body: JSON.stringify({ scope, key }) });
    expect(await detail.json()).toMatchObject({ row: { externalId: 't-1' } });
    await stream.leave();
  });

  test('a Host that is not its own is refused', async () => {
    await served({ origins: ['http://localhost:1'] });
    const { port } = new URL(url);
    const asked = httpRequest({ host: '127.0.0.1', port, headers: { host: 'rebound.example.com' } });
    asked.end();

    const [response] = (await once(asked, 'response')) as [{ statusCode: number; resume(): void }];
    response.resume();

    expect(response.statusCode).toBe(403);
  });

  test('the server closes once the board has ended', async () => {
    const one = await served();
    const stream = listening(await fetch(`${url}events.stream`, { method: 'POST', headers: { 'x-mooring-board': TOKEN } }));
    await until(() => stream.all('looked').length > 0);

    one.close();
    const closed = once(server, 'close');
    server.close();

    await closed;
    expect(server.listening).toBe(false);
  });
});
