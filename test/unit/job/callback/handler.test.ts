import { describe, expect, test } from '@jest/globals';
import {
  callbackHandler,
  ConfigError,
  InvalidValueError,
  StoreUnavailableError,
  type Callback,
  type CallbackHandlerOptions,
} from '../../../../src/index.ts';
import { fakeClock } from '../../../../src/testing.ts';

/** What callers are answered, and what is told to the log. `fetch` stands for both servers: one function answers. */

const SECRET = 'this secret has more than 32 characters';
const BASE = 'https://example.com/hooks';

function handling(options: Partial<CallbackHandlerOptions> = {}) {
  const delivered: Callback[] = [];
  const lines: string[] = [];
  const log = (fields: object, message: string): void => void lines.push(JSON.stringify([message, fields]));
  const handler = callbackHandler({
    secret: SECRET,
    deliver: async (callback) => void delivered.push(callback),
    logger: { debug: log, info: log, warn: log, error: log },
    ...options,
  });
  const post = (url: string, init: RequestInit = {}): Promise<Response> =>
    handler.fetch(new Request(url, { method: 'POST', ...init }));
  return { handler, delivered, lines, post, url: handler.url(BASE, 'the-token') };
}

/** A body that comes in pieces of 1 KiB, as long as somebody reads. */
function endless(): { body: ReadableStream<Uint8Array>; pieces(): number } {
  let pieces = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      pieces += 1;
      controller.enqueue(new Uint8Array(1024));
    },
  });
  return { body, pieces: () => pieces };
}

const streamed = (body: ReadableStream<Uint8Array>): RequestInit => ({ body, duplex: 'half' });

describe('a callback', () => {
  test('is delivered with its token, its body, its headers', async () => {
    const { delivered, post, url } = handling();
    const response = await post(url, { body: '{"state":"done"}', headers: { 'X-Event': 'ended' } });
    const [callback] = delivered;

    expect([response.status, await response.text()]).toEqual([204, '']);
    expect(callback?.callbackToken).toBe('the-token');
    expect(callback?.json()).toEqual({ state: 'done' });
    expect(callback?.header('x-event')).toBe('ended');
  });

  test('may come again: it is answered like the first', async () => {
    const { delivered, post, url } = handling();

    expect([(await post(url)).status, (await post(url)).status]).toEqual([204, 204]);
    expect(delivered).toHaveLength(2);
  });

  test('needs no body', async () => {
    const { delivered, post, url } = handling();
    await post(url);

    expect(delivered[0]?.body).toHaveLength(0);
  });
});

describe('what is refused is not delivered, nor is its body read', () => {
  test.each(['GET', 'PUT', 'DELETE', 'HEAD', 'OPTIONS'])('%s: 405', async (method) => {
    const { delivered, post, url } = handling();
    const response = await post(url, { method });

    expect([response.status, response.headers.get('allow'), delivered.length]).toEqual([405, 'POST', 0]);
  });

  test('every wrong URL: 403, with one and the same answer', async () => {
    const { delivered, post, url } = handling();
    const other = callbackHandler({ secret: 'x'.repeat(32), deliver: async () => undefined });
    const wrong = [BASE, `${BASE}?callback=`, `${url}x`, url.replace('callback=', 'callback=x'), other.url(BASE, 'the-token')];
    const answers = await Promise.all(
      wrong.map(async (one) => {
        const { body, pieces } = endless();
        const response = await post(one, streamed(body));
        return [response.status, await response.text(), [...response.headers], pieces() < 3];
      }),
    );

    expect(answers).toEqual(wrong.map(() => answers[0]));
    expect(answers[0]?.[0]).toBe(403);
    expect(delivered).toEqual([]);
  });

  test('a URL that has expired: 410', async () => {
    const clock = fakeClock();
    const { delivered, post, url } = handling({ clock, expiresIn: '1h' });
    clock.advance('59m');
    expect((await post(url)).status).toBe(204);
    clock.advance('1m');

    expect([(await post(url)).status, delivered.length]).toEqual([410, 1]);
  });
});

describe('a body', () => {
  test('of exactly the limit is delivered, one byte more is answered 413', async () => {
    const { delivered, post, url } = handling({ maxBodyBytes: 10 });

    expect((await post(url, { body: 'x'.repeat(10) })).status).toBe(204);
    expect((await post(url, { body: 'x'.repeat(11) })).status).toBe(413);
    expect(delivered).toHaveLength(1);
  });

  test('without end is read up to the limit only', async () => {
    const { post, url } = handling({ maxBodyBytes: 4096 });
    const { body, pieces } = endless();

    expect((await post(url, streamed(body))).status).toBe(413);
    expect(pieces()).toBeLessThan(10);
  });

  test('that does not come is waited for as long as the timeout says: 408', async () => {
    const { delivered, post, url } = handling({ timeout: 20 });
    const silent = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => undefined) });

    expect([(await post(url, streamed(silent))).status, delivered.length]).toEqual([408, 0]);
  });

  test('that breaks off is answered 400', async () => {
    const { delivered, post, url } = handling();
    const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('reset')) });

    expect([(await post(url, streamed(broken))).status, delivered.length]).toEqual([400, 0]);
  });

  test('that is no JSON is answered 400 if JSON is asked for', async () => {
    const { post, url } = handling({ deliver: async ({ json }) => json() });

    expect((await post(url, { body: 'state=done' })).status).toBe(400);
  });

  test('that other code has read is answered 500', async () => {
    const { handler, url } = handling();
    const request = new Request(url, { method: 'POST', body: 'x' });
    await request.text();

    expect((await handler.fetch(request)).status).toBe(500);
  });
});

describe('a callback that cannot be delivered', () => {
  test.each([
    ['a store that is away', new StoreUnavailableError('the store is away'), 503],
    ['an error of a client', new Error('connect ECONNREFUSED'), 503],
    ['a body that the user’s code refuses', new InvalidValueError('$.state', 'is missing'), 400],
    ['an error that no retry mends', new ConfigError('queue', 'must be a queue'), 500],
  ])('because of %s is answered so that the sender does what helps', async (_what, error, status) => {
    const { post, url } = handling({ deliver: () => Promise.reject(error) });
    const response = await post(url);

    expect(response.status).toBe(status);
    expect(response.headers.get('retry-after')).toBe(status === 503 ? '10' : null);
  });

  test('within the timeout is answered 503 once its signal has aborted', async () => {
    let signal: AbortSignal | undefined;
    const { post, url } = handling({
      timeout: 20,
      deliver: (callback) => {
        ({ signal } = callback);
        return new Promise(() => undefined);
      },
    });

    expect((await post(url)).status).toBe(503);
    expect(signal?.aborted).toBe(true);
  });

  test('because deliver throws at once is answered like a rejection', async () => {
    const { post, url } = handling({
      deliver: () => {
        throw new Error('at once');
      },
    });

    expect((await post(url)).status).toBe(503);
  });

  test('is told to the log without token, secret, URL or body', async () => {
    const leaks: ((callback: Callback) => unknown)[] = [
      ({ json }) => json(),
      ({ callbackToken, body }) => Promise.reject(new Error(`${callbackToken} ${Buffer.from(body).toString()}`)),
      ({ callbackToken, body }) => Promise.reject(new ConfigError(callbackToken, Buffer.from(body).toString(), callbackToken)),
      () => Promise.reject(new StoreUnavailableError('the store is away')),
    ];
    const told: string[] = [];
    for (const leak of leaks) {
      const { post, url, lines } = handling({ deliver: async (callback) => leak(callback) });
      const response = await post(url, { body: 'my-password' });
      told.push(...lines, await response.text());
      expect(lines).toHaveLength(1);
    }

    expect(told.join('\n')).toContain('the store is away');
    expect(told.join('\n')).not.toMatch(/the-token|my-pass|this secret|example\.com|callback=/);
  });
});

describe('options', () => {
  const deliver = async (): Promise<void> => undefined;

  test.each([
    ['no secret', { deliver }, 'secret'],
    ['a short secret', { deliver, secret: 'hunter2' }, 'secret'],
    ['a list with a short secret', { deliver, secret: [SECRET, 'hunter2'] }, 'secret'],
    ['no secrets in the list', { deliver, secret: [] }, 'secret'],
    ['no deliver', { secret: SECRET }, 'deliver'],
    ['a limit that is no number', { deliver, secret: SECRET, maxBodyBytes: '64k' }, 'maxBodyBytes'],
    ['an endless expiry', { deliver, secret: SECRET, expiresIn: 'forever' }, 'expiresIn'],
    ['a misspelt name', { deliver, secret: SECRET, maxBody: 1 }, 'maxBody'],
  ])('with %s are refused without telling a secret', (_what, options, option) => {
    const make = (): unknown => callbackHandler(options as unknown as CallbackHandlerOptions);

    expect(make).toThrow(expect.objectContaining({ code: 'mooring.config', option }));
    expect(make).not.toThrow(/hunter2|this secret/);
  });

  test('a secret can be changed while URLs of the old one are out', async () => {
    const { url } = handling();
    const { post, handler } = handling({ secret: ['n'.repeat(32), SECRET] });

    expect((await post(url)).status).toBe(204);
    expect((await post(handler.url(BASE, 'the-token'))).status).toBe(204);
    expect((await handling().post(handler.url(BASE, 'the-token'))).status).toBe(403);
  });
});
