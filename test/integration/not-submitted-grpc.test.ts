import { once } from 'node:events';
import { createSecureServer, createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Client, credentials, Metadata, type ChannelCredentials, type ServiceError } from '@grpc/grpc-js';
import { afterEach, expect, test } from '@jest/globals';
import { isMooringError, NotSubmittedError, submitRequest } from '../../src/index.ts';
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import { freePort } from '../../scripts/free-port.ts';
import { stopServer } from '../support/stop-server.ts';

/** `@grpc/grpc-js`, whose streams no diagnostics channel tells of. */

const clients: Client[] = [];
const servers: GrpcSystem[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(servers.splice(0).map(async (server) => server.stop()));
});

interface GrpcSystem {
  readonly target: string;
  /** Calls that it has read in full. */
  readonly received: number;
  stop(): Promise<void>;
}

type AnswerCall = (stream: ServerHttp2Stream, self: GrpcSystem) => void;

async function startGrpc(answer: AnswerCall, tls = false): Promise<GrpcSystem> {
  let received = 0;
  const sessions = new Set<ServerHttp2Session>();
  const server: Http2Server = tls ? createSecureServer({ cert: CERTIFICATE, key: PRIVATE_KEY }) : createServer();
  server.on('session', (session) => sessions.add(session.on('error', () => undefined)));
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    stream.resume().on('end', () => {
      received += 1;
      answer(stream, system);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const system: GrpcSystem = {
    target: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    get received() {
      return received;
    },
    stop: () => stopServer(server, sessions),
  };
  servers.push(system);
  return system;
}

const PLAIN = credentials.createInsecure();

function clientOf(target: string, options: object = {}, creds: ChannelCredentials = PLAIN): Client {
  const client = new Client(target, creds, options);
  clients.push(client);
  return client;
}

async function createJob(client: Client): Promise<Buffer | undefined> {
  const bytes = (value: Buffer): Buffer => value;
  return new Promise((resolve, reject) => {
    const done = (error: ServiceError | null, reply?: Buffer): void => (error ? reject(error) : resolve(reply));
    const deadline = Date.now() + 20_000;
    client.makeUnaryRequest('/jobs.Jobs/Create', bytes, bytes, Buffer.from('job'), new Metadata(), { deadline }, done);
  });
}

async function failureOf(client: Client): Promise<unknown> {
  return submitRequest(async () => createJob(client)).catch((error: unknown) => error);
}

/** Dies with the first call that it has read. */
const die: AnswerCall = (_stream, self) => void self.stop();

/** Repeats a call that failed, as the service configuration may say. */
const RETRIES = {
  'grpc.service_config': JSON.stringify({
    methodConfig: [
      {
        name: [{}],
        retryPolicy: {
          maxAttempts: 3,
          initialBackoff: '0.05s',
          maxBackoff: '0.05s',
          backoffMultiplier: 1,
          retryableStatusCodes: ['UNAVAILABLE'],
        },
      },
    ],
  }),
};

test.each([
  ['a connection that is refused', async () => clientOf(`127.0.0.1:${await freePort()}`)],
  ['a host that is unknown', async () => clientOf('nosuch.invalid:443')],
  ['a certificate that nobody trusts', async () => clientOf((await startGrpc(die, true)).target, {}, credentials.createSsl())],
])('%s: certainly not submitted', async (_fault, connect) => {
  const error = await failureOf(await connect());

  expect(error).toBeInstanceOf(NotSubmittedError);
  expect(error).toMatchObject({ retryable: true, cause: { code: 14 } });
});

test.each<[string, AnswerCall, object]>([
  ['the system dies', die, {}],
  ['it dies, and refuses when the call is repeated', die, RETRIES],
  [
    'it says in the words of the client that it has no connection itself',
    (stream) =>
      stream.respond(
        {
          ':status': 200,
          'content-type': 'application/grpc',
          'grpc-status': '14',
          'grpc-message': 'No connection established. Last error: connect ECONNREFUSED 127.0.0.1:1',
        },
        { endStream: true },
      ),
    {},
  ],
])('what the system has read is never called not submitted: %s', async (_loss, answer, options) => {
  const system = await startGrpc(answer);

  const error = await failureOf(clientOf(system.target, options));

  expect({ received: system.received, notSubmitted: isMooringError(error) }).toEqual({ received: 1, notSubmitted: false });
});

test('what the system has read is never called not submitted: a loop around the client that tries again', async () => {
  const system = await startGrpc(die);
  const client = clientOf(system.target);

  const error = await submitRequest(async () => {
    await createJob(client).catch(() => undefined);
    return createJob(client);
  }).catch((failure: unknown) => failure);

  expect((error as ServiceError).details).toMatch(/^No connection established/);
  expect(system.received).toBe(1);
});
