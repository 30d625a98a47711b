import { AsyncResource } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { Agent, request as send, type RequestOptions } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { NotSubmittedError, submitRequest } from '../../../../src/index.ts';
import { faultySystem, type Answer, type FaultySystem } from '../../../support/faulty-system.ts';
import { freePort } from '../../../../scripts/free-port.ts';

/** The clients that Node has: `fetch` and `node:http`. */

const BODY = '{"job":1}';
const CHANNELS = ['http.client.request.start', 'undici:request:create', 'undici:client:sendHeaders', 'undici:request:error'];
const systems: FaultySystem[] = [];

afterEach(async () => {
  await Promise.all(systems.splice(0).map(async (system) => system.stop()));
});

async function start(answer: Answer, options?: Parameters<typeof faultySystem>[1]): Promise<FaultySystem> {
  const system = await faultySystem(answer, options);
  systems.push(system);
  return system;
}

async function viaFetch(url: string): Promise<number> {
  const response = await fetch(url, { method: 'POST', body: BODY });
  return response.status;
}

async function viaNode(url: string, options: RequestOptions = {}): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    send(url, { method: 'POST', ...options }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end(BODY);
  });
}

const BOTH = [
  ['fetch', viaFetch],
  ['node:http', viaNode],
] as const;

async function refusedUrl(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`;
}

/** What `submitRequest` rejected with. */
async function failureOf(request: () => Promise<unknown>): Promise<unknown> {
  return submitRequest(request).then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error,
  );
}

const PERHAPS = expect.not.objectContaining({ code: 'mooring.not-submitted' });

describe('what never left', () => {
  test.each(BOTH)(
    '%s: a refused connection is a retryable refusal without retryAfter, with the same key',
    async (_name, post) => {
      const url = await refusedUrl();

      const error = await failureOf(async () => post(url));

      expect(error).toBeInstanceOf(NotSubmittedError);
      expect(error).toMatchObject({
        message: 'the request did not leave this machine: the connection was refused (ECONNREFUSED)',
        retryable: true,
        newKey: false,
        cause: expect.anything(),
      });
      expect(error).not.toHaveProperty('retryAfter');
    },
  );

  test('an error around the one of the request is looked through', async () => {
    const url = await refusedUrl();

    const error = await failureOf(async () =>
      viaNode(url).catch((cause: unknown) => {
        throw new Error('no job', { cause });
      }),
    );

    expect(error).toBeInstanceOf(NotSubmittedError);
  });

  test('a request that throws before it returns is refused for good', async () => {
    const error = await failureOf(() => viaNode('http://[x'));

    expect(error).toMatchObject({ code: 'mooring.not-submitted', retryable: false });
  });

  test('an invalid header is refused for good, without the header', async () => {
    const headers = { authorization: 'Bearer secret\n\0' };

    const error = await failureOf(async () => fetch('http://127.0.0.1', { method: 'POST', headers }));

    expect(error).toMatchObject({ code: 'mooring.not-submitted', retryable: false });
    expect(String((error as Error).stack)).not.toContain('secret');
    expect(error).not.toHaveProperty('cause');
  });

  test('a signal that was aborted before the call', async () => {
    const system = await start((response) => response.end());
    const signal = AbortSignal.abort();

    const error = await failureOf(async () => fetch(system.url, { method: 'POST', body: BODY, signal }));

    expect(error).toBeInstanceOf(NotSubmittedError);
    expect(system.received).toBe(0);
  });
});

describe('what may have left stays as it is', () => {
  test.each(BOTH)('%s: the system reads the request and closes the connection', async (_name, post) => {
    const system = await start((response) => response.socket?.destroy());

    const error = await failureOf(async () => post(system.url));

    expect(error).toEqual(PERHAPS);
    expect(system.received).toBe(1);
  });

  test.each([303, 307])('fetch: a redirect %d to a port that refuses', async (status) => {
    const location = await refusedUrl();
    const system = await start((response) => response.writeHead(status, { location }).end());

    const error = await failureOf(async () => viaFetch(system.url));

    expect(error).toMatchObject({ message: 'fetch failed', cause: { code: 'ECONNREFUSED' } });
    expect(system.received).toBe(1);
  });

  test('a kept connection that the system closes', async () => {
    const agent = new Agent({ keepAlive: true });
    const system = await start((response) => (system.received === 1 ? response.end() : response.socket?.destroy()));
    const kept = once(agent, 'free');
    await viaNode(system.url, { agent });
    await kept;

    const error = await failureOf(async () => viaNode(system.url, { agent }));

    expect(error).toEqual(PERHAPS);
    expect(system.received).toBe(2);
    agent.destroy();
  });

  test.each(BOTH)('%s: a loop inside that tries again, whose first request was read', async (_name, post) => {
    const system = await start((_response, _request, self) => void self.stop());

    const error = await failureOf(async () => post(system.url).catch(async () => post(system.url)));

    expect(error).toEqual(PERHAPS);
    expect(system.received).toBe(1);
  });

  test('a second request in the same call, even if both were refused', async () => {
    const url = await refusedUrl();

    const error = await failureOf(async () => viaNode(url).catch(async () => viaNode(url)));

    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('a request that still runs while another one fails', async () => {
    const url = await refusedUrl();
    const system = await start((response) => setTimeout(() => response.end(), 50));

    const error = await failureOf(async () => Promise.all([viaFetch(system.url), viaFetch(url)]));

    expect(error).toEqual(PERHAPS);
  });

  test('an answer that tells of a refused connection behind the system', async () => {
    const system = await start((response) => response.writeHead(502).end());

    const error = await failureOf(async () => {
      await viaFetch(system.url);
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' });
    });

    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  test.each([
    ['HTTP', async () => viaFetch(systems[0]?.url ?? '')],
    ['a client that nobody can watch', async () => pause(1)],
  ])('an invalid URL in the answer, over %s', async (_client, post) => {
    await start((response) => response.end());

    const error = await failureOf(async () => {
      await post();
      return new URL('http://[x');
    });

    expect(error).toMatchObject({ code: 'ERR_INVALID_URL' });
  });

  test('a certificate that the system asks for after the request', async () => {
    const system = await start((response) => response.end(), { tls: true, clients: true });
    const { request } = await import('node:https');

    const error = await failureOf(
      async () =>
        new Promise((resolve, reject) => {
          request(system.url, { method: 'POST', rejectUnauthorized: false }, resolve).on('error', reject).end(BODY);
        }),
    );

    expect(error).toEqual(PERHAPS);
  });

  test('the try that was refused is not the one that the call made itself', async () => {
    const url = await refusedUrl();
    const queue = AsyncResource.bind(async () => viaNode(url));

    const error = await failureOf(async () => viaNode(url).catch(queue));

    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });
});

test('what the request resolves with is handed on', async () => {
  const system = await start((response) => response.writeHead(201).end());

  await expect(submitRequest(async () => viaFetch(system.url))).resolves.toBe(201);
});

test('a request that was already made is refused as an option', async () => {
  const made = Promise.resolve(1) as never;

  await expect(submitRequest(made)).rejects.toMatchObject({ code: 'mooring.config', option: 'request' });
});

test('a NotSubmittedError of the request itself passes unchanged', async () => {
  const url = await refusedUrl();
  let own: unknown;

  const error = await failureOf(async () =>
    viaFetch(url).catch((cause: unknown) => {
      own = new NotSubmittedError('down', { cause, retryAfter: '30s' });
      throw own;
    }),
  );

  expect(error).toBe(own);
});

test('calls at the same time are told apart', async () => {
  const url = await refusedUrl();
  const system = await start((response) => response.socket?.destroy());
  const targets = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? url : system.url));

  const errors = await Promise.all(targets.map(async (target) => failureOf(async () => viaFetch(target))));

  expect(errors.map((error) => error instanceof NotSubmittedError)).toEqual(targets.map((target) => target === url));
});

test('nothing listens afterwards', async () => {
  const url = await refusedUrl();

  await failureOf(async () => viaFetch(url));

  expect(CHANNELS.filter((name) => channel(name).hasSubscribers)).toEqual([]);
});
