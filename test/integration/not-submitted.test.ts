import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import axios from 'axios';
import { ProxyAgent, request } from 'undici';
import { isMooringError, submitRequest } from '../../src/index.ts';
import { CERTIFICATE } from '../support/certificate.ts';
import { faultySystem, silentPort, type Answer, type FaultySystem } from '../support/faulty-system.ts';
import { freePort } from '../../scripts/free-port.ts';
import { adoptNodeErrors, CLIENTS, type Posting, type SubmittingClient } from '../support/submitting-clients.ts';

/** What real clients report, by fault: the table of docs/not-submitted.md, and what no client may ever report. */

const systems: FaultySystem[] = [];
let silent: Awaited<ReturnType<typeof silentPort>>;
let refused: number;

beforeAll(async () => {
  adoptNodeErrors();
  [silent, refused] = await Promise.all([silentPort(), freePort()]);
});

afterAll(async () => {
  silent.stop();
  await Promise.all(systems.map(async (system) => system.stop()));
});

async function start(answer: Answer, options?: Parameters<typeof faultySystem>[1]): Promise<FaultySystem> {
  const system = await faultySystem(answer, options);
  systems.push(system);
  return system;
}

const hangUp: Answer = (response) => response.socket?.destroy();
const twoAddresses = ((_host, _options, done) =>
  done(null, [
    { address: '127.0.0.1', family: 4 },
    { address: '127.0.0.2', family: 4 },
  ])) as LookupFunction;

/** How a failure looks in the table. */
function cellOf(error: unknown): string {
  if (!isMooringError(error)) return `perhaps (${codeOf(error)})`;
  return error.retryable ? `not submitted (${codeOf(error.cause)})` : 'invalid';
}

/** The innermost code, or the innermost name. A resolver that cannot be reached counts as one that knows no host. */
function codeOf(error: unknown): string {
  const { cause, code, name } = error as { cause?: unknown; code?: unknown; name?: string };
  if (typeof cause === 'object' && cause !== null && 'message' in cause) return codeOf(cause);
  return typeof code === 'string' ? code.replace('EAI_AGAIN', 'ENOTFOUND') : (name ?? '');
}

async function failureOf(client: SubmittingClient, posting: Posting): Promise<unknown> {
  return submitRequest(async () => client.post(posting)).then(
    () => 'no error',
    (error: unknown) => error,
  );
}

/** Clients that a fault does not concern: the test cannot give it to them. */
const CANNOT: Readonly<Record<string, readonly string[]>> = {
  'every address refuses': ['fetch'],
  'no connection in time': ['fetch', 'node:http', 'axios', 'gaxios 6', 'gaxios 7'],
  'an invalid header': ['AWS SDK'],
  'an invalid method': ['AWS SDK'],
  // A body and a signal that was aborted before end the process with this version.
  'aborted before the call': ['gaxios 7'],
  // They do not try again.
  'refused, and tried again inside': ['fetch', 'node:http'],
};

const FAULTS: Readonly<Record<string, () => Promise<Posting> | Posting>> = {
  'the connection is refused': () => ({ url: `http://127.0.0.1:${refused}` }),
  'every address refuses': () => ({ url: `http://two.test:${refused}`, lookup: twoAddresses }),
  'the host is unknown': () => ({ url: 'http://nosuch.invalid' }),
  'no connection in time': () => ({ url: `http://127.0.0.1:${silent.port}`, connectTimeout: 300 }),
  'nobody trusts the certificate': async () => ({ url: (await start(hangUp, { tls: true })).url }),
  'the server speaks no TLS': async () => ({ url: (await start(hangUp)).url.replace('http', 'https') }),
  'an invalid URL': () => ({ url: 'http://[x' }),
  'an invalid header': () => ({ url: `http://127.0.0.1:${refused}`, headers: { 'x y': 'z' } }),
  'an invalid method': () => ({ url: `http://127.0.0.1:${refused}`, method: 'PO ST' }),
  'aborted before the call': async () => ({ url: (await start(hangUp)).url, signal: AbortSignal.abort() }),
  'refused, and tried again inside': () => ({ url: `http://127.0.0.1:${refused}`, retries: 1 }),
  'read, then hung up': async () => ({ url: (await start(hangUp)).url }),
};

/** The table of the page: by fault, the cells of the clients. */
const PAGE = readFileSync('docs/not-submitted.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.replaceAll('`', '').trim()),
  );

test('the page names the clients by the versions that are tested', () => {
  const named = PAGE.filter(([client]) => CLIENTS.some(({ name }) => name === client)).map((row) => row.slice(0, 2));

  // Those of Node are as old as the Node that runs the tests.
  const tested = CLIENTS.map(({ name, version }) => [name, ['fetch', 'node:http'].includes(name) ? expect.anything() : version]);

  expect(named).toEqual(tested);
});

test.each(Object.entries(FAULTS))('the page says what each client reports: %s', async (fault, posting) => {
  const cells: string[] = [];
  for (const client of CLIENTS) {
    const cannot = CANNOT[fault]?.includes(client.name);
    cells.push(cannot ? '—' : cellOf(await failureOf(client, await posting())));
  }

  expect(PAGE.find(([first]) => first === fault)?.slice(1)).toEqual(cells);
});

/** Ways to lose a request that the system has read, with what is sent to it. */
const LOSSES: Readonly<Record<string, () => Promise<{ system: FaultySystem; posting: Posting }>>> = {
  'the system hangs up': async () => sentTo(await start(hangUp)),
  'it hangs up, and refuses when the client tries again': async () =>
    sentTo(await start((_response, _request, self) => void self.stop()), { retries: 2 }),
  'it answers 500, and refuses when the client tries again': async () =>
    sentTo(
      await start((response, _request, self) => {
        response.writeHead(500).end(() => setImmediate(() => void self.stop()));
      }),
      { retries: 2 },
    ),
  'it redirects a POST to a port that refuses': async () => sentTo(await start(redirect(307))),
  'it redirects to see another port, which refuses': async () => sentTo(await start(redirect(303))),
  'it redirects to a host that is unknown': async () =>
    sentTo(await start((response) => response.writeHead(307, { location: 'http://nosuch.invalid' }).end())),
  'it hangs up over TLS': async () => sentTo(await start(hangUp, { tls: true }), { ca: CERTIFICATE }),
  'its first address hangs up, and the second one refuses': async () => {
    const system = await start(hangUp);
    return { system, posting: { url: `http://two.test:${system.port}`, lookup: twoAddresses } };
  },
  'it hangs up on a connection that was kept': async () => {
    const system = await start((response) => (system.received % 2 === 1 ? response.end() : response.socket?.destroy()));
    return sentTo(system, { agent: new Agent({ keepAlive: true }) });
  },
  'it goes away between two requests on a connection that was kept': async () => {
    const system = await start((response, _request, self) => (system.received === 1 ? response.end() : void self.stop()));
    return sentTo(system, { agent: new Agent({ keepAlive: true }), retries: 2 });
  },
};

function sentTo(system: FaultySystem, more: Partial<Posting> = {}): { system: FaultySystem; posting: Posting } {
  return { system, posting: { url: system.url, ...more } };
}

function redirect(status: number): Answer {
  return (response) => response.writeHead(status, { location: `http://127.0.0.1:${refused}` }).end();
}

describe.each(CLIENTS)('$name $version', (client) => {
  test.each(Object.entries(LOSSES))('what the system has read is never called not submitted: %s', async (_loss, begin) => {
    const { system, posting } = await begin();
    // The first use of a connection that is kept.
    if (posting.agent) await client.post(posting);
    const before = system.received;

    const error = await failureOf(client, posting);

    posting.agent?.destroy();

    // `fetch` could not be told of the certificate, or of the addresses.
    const reachable = client.name !== 'fetch' || (posting.ca === undefined && posting.lookup === undefined);
    expect({ read: system.received > before, notSubmitted: isMooringError(error) }).toEqual({
      read: reachable,
      notSubmitted: !reachable,
    });
  });
});

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a certificate that nobody trusts, over %s', (version) => {
  test.each(CLIENTS)('$name sends nothing before it refuses it', async (client) => {
    const system = await start(hangUp, { tls: true, version });

    const error = await failureOf(client, { url: system.url });
    await system.stop();

    expect({ received: system.received, notSubmitted: isMooringError(error) }).toEqual({ received: 0, notSubmitted: true });
  });
});

describe('a proxy that refuses the connection', () => {
  test('axios sends the request to the proxy itself: certainly not submitted', async () => {
    const proxy = { protocol: 'http', host: '127.0.0.1', port: refused };

    const error = await submitRequest(async () => axios.post('http://nosuch.invalid', '{}', { proxy })).catch(cellOf);

    expect(error).toBe('not submitted (ECONNREFUSED)');
  });

  test('undici opens a tunnel with a request of its own: not certain', async () => {
    const dispatcher = new ProxyAgent(`http://127.0.0.1:${refused}`);

    const error = await submitRequest(async () => request('http://nosuch.invalid', { method: 'POST', dispatcher })).catch(cellOf);

    expect(error).toBe('perhaps (ECONNREFUSED)');
    await dispatcher.close();
  });
});

test('a system that went away on a kept connection has certainly not read the next request', async () => {
  const agent = new TlsAgent({ keepAlive: true, ca: CERTIFICATE });
  const system = await start((response) => response.end(), { tls: true });
  const [node] = CLIENTS.filter(({ name }) => name === 'node:http');
  const kept = once(agent, 'free');
  await node?.post({ url: system.url, agent });
  await kept;
  await system.stop();

  const error = await failureOf(node as SubmittingClient, { url: system.url, agent });

  agent.destroy();

  expect(system.received).toBe(1);
  expect(['not submitted (ECONNREFUSED)', 'perhaps (ECONNRESET)']).toContain(cellOf(error));
});
