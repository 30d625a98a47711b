import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { boardHandler } from '../../src/board.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { configFromEnv, openStateStore } from '../../src/config.ts';
import {
  callbackHandler,
  createStateStore,
  doctor,
  observeJobs,
  reconcile,
  recover,
  sweep,
  type StateStore,
} from '../../src/index.ts';
import { redisMetastore } from '../../src/redis.ts';
import { testTask } from '../../src/testing/test-task.ts';
import { testRuntime } from '../support/runtime.ts';
import { runCommand } from '../support/command.ts';
import { fakeQueue } from '../support/fake-queue.ts';
import { CREATED, failing, LARGE, loggerTo, maintain, runJobs, SCOPE, useStore } from '../support/marked-work.ts';
import { clientError, createHeard, MARKS, type Heard } from '../support/marks.ts';
import { startMinio, type S3Server } from '../support/minio.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { S3_CREDENTIALS, S3_REGION } from '../support/s3-server.ts';
import { startTelemetry, type Telemetry } from '../support/telemetry.ts';

/**
 * Everything that Mooring says, while every value and every credential is marked: errors, log lines, events, spans, metrics, answers
 * of the board, output of the command. No mark may be in any of it. What shows a value because a person asked for that value
 * (`mooring get`, a value on the board) is left out.
 */

const BOARD_TOKEN = `board${MARKS.token}`;

let redis: TestRedis;
let minio: S3Server;
let telemetry: Telemetry;
let env: Record<string, string>;

beforeAll(async () => {
  [redis, minio] = await Promise.all([startRedis({ args: ['--requirepass', MARKS.password] }), startMinio()]);
  telemetry = startTelemetry();
  env = {
    MOORING_REDIS: `redis://127.0.0.1:${redis.port}/0`,
    MOORING_REDIS_PASSWORD: MARKS.password,
    MOORING_PATH: `s3://m@${await minio.bucket()}/state/`,
    MOORING_OFFLOAD_THRESHOLD: '100',
    MOORING_CONNECTION_M: JSON.stringify({ endpoint: minio.endpoint, region: S3_REGION, credentials: S3_CREDENTIALS }),
  };
});

afterAll(async () => {
  await telemetry.stop();
  await Promise.all([redis.stop(), minio.stop()]);
});

function listening(): Heard {
  return createHeard({ secretAccessKey: S3_CREDENTIALS.secretAccessKey });
}

async function openTo(heard: Heard, more: object = {}): Promise<StateStore> {
  const onEvent = (event: object): void => heard.hear(`event: ${(event as { type: string }).type}`, event);
  return openStateStore({ ...configFromEnv(env), logger: loggerTo(heard), onEvent, ...more });
}

/** Every command that needs no terminal and no other process, in each of its ways to write. */
async function runCommands(heard: Heard, environment: Record<string, string>): Promise<void> {
  const job = ['transcode', '42'];
  const given: Record<string, string[]> = {
    show: job,
    adopt: [...job, 'job-9', '--yes'],
    'not-submitted': [...job, '--yes'],
    reopen: [...job, '--yes'],
    retry: job,
    cancel: [...job, '--yes'],
    clear: [...job, '--yes'],
    forget: [...job, 'job-9', '--yes'],
    get: [...job, 'small', '--json'],
    set: [...job, 'typed', JSON.stringify(MARKS.value)],
    rm: [...job, 'typed'],
    lifecycle: ['s3'],
    drill: ['./no-such-module.ts', '--dry-run'],
    completion: ['bash'],
  };
  const queue = fakeQueue({ 42: { state: 'failed', timestamp: CREATED, failedReason: 'out of memory' } });
  const open = (config: Parameters<typeof openStateStore>[0]): Promise<StateStore> =>
    openStateStore({ ...config, commandTimeout: '1s' });
  const tools = { open, sweep, reconcile, recover, doctor, queue: queue.open };
  for (const name of COMMANDS.keys()) {
    for (const ways of [['--verbose'], ['--json'], ['--help']]) {
      if (name === 'board' && ways[0] !== '--help') continue;
      const args = [name, ...(given[name] ?? []), ...ways.filter((way) => !given[name]?.includes(way))];
      const { stdout, stderr } = await runCommand(args, { env: environment, tools });
      heard.hear(`command: ${name}`, stderr, ...(name === 'get' && stderr === '' ? [] : [stdout]));
    }
  }
}

async function askBoard(heard: Heard, store: StateStore): Promise<void> {
  const board = boardHandler(store, { token: BOARD_TOKEN, allowChanges: true, interval: 20 });
  const ask = async (name: string, method: string, body?: unknown, token = BOARD_TOKEN): Promise<void> => {
    const headers = { 'x-mooring-board': token, 'content-type': 'application/json' };
    const init = { method, headers, ...(method === 'POST' && { body: JSON.stringify(body ?? {}) }) };
    const answer = await board.fetch(new Request(`http://127.0.0.1:1/${name}`, init));
    heard.hear(`board: ${method} ${name}`, JSON.stringify([...answer.headers]));
    const reader = answer.body?.getReader();
    const ended = setTimeout(() => void reader?.cancel(), 100);
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read())
      heard.hear(`board: ${method} ${name}`, Buffer.from(part.value as Uint8Array).toString());
    clearTimeout(ended);
  };
  for (const file of ['', 'index.html', 'main.js', 'board.css', 'none']) await ask(file, 'GET');
  for (const name of ['events.stream', 'job', 'adopt', 'not-submitted', 'reopen', 'clear', 'forget', 'cancel', 'none']) {
    await ask(name, 'POST', { scope: SCOPE, key: 'default', id: 'job-1', version: 'x' });
    await ask(name, 'POST', { scope: SCOPE, key: MARKS.value }, `wrong${MARKS.token}`);
  }
  board.close();
}

test('no mark is said while a store is used', async () => {
  const heard = listening();
  await using store = await openTo(heard);
  const stop = observeJobs(store);
  await useStore(heard, store);
  await runJobs(heard, store);
  await maintain(heard, store);
  const task = testTask(store, SCOPE);
  const attempt = () => task.attempt((ctx) => ctx.run(failing({ submit: true }), { secret: MARKS.input }));
  await heard.error('error: unresolved', attempt, false);
  await heard.error('error: ambiguous', attempt, false);
  const unseen = testRuntime(store).attempt((ctx) => ctx.run(failing({ describe: true }), { secret: MARKS.input }), {
    logger: loggerTo(heard),
  });
  await heard.error('error: with the logger of a runtime', () => unseen, false);
  await askBoard(heard, store);
  await runCommands(heard, env);
  heard.hear('store', store, configFromEnv(env));
  heard.hear('telemetry', await telemetry.text());
  stop();

  expect(heard.leaks()).toEqual([]);
});

/** What a server says that quotes the arguments of a command, as Redis does, and what hangs on the client's error. */
function replyError(text: string): Error {
  const args = [MARKS.value, Buffer.from(MARKS.bytes), MARKS.password];
  return Object.assign(new Error(text), { name: 'ReplyError', command: { name: 'evalsha', args }, cause: clientError() });
}

const WORDS =
  'OOM READONLY LOADING NOREPLICAS MISCONF MASTERDOWN CLUSTERDOWN TRYAGAIN BUSY NOAUTH NOPROTO MOVED ASK CROSSSLOT WRONGTYPE ERR NOSCRIPT';

const REPLIES = [
  `ERR unknown command 'evalsha', with args beginning with: '${MARKS.value}' '${MARKS.bytes}'`,
  `ERR user_script:1: ${MARKS.value} script: 0123, on @user_script:1.`,
  `NOPERM this user has no permissions to access one of the keys used as arguments: ${MARKS.value}`,
  `WRONGPASS invalid username-password pair ${MARKS.password}`,
  ...WORDS.split(' ').map((word) => `${word} about ${MARKS.value}`),
];

test('no mark is said while Redis refuses every command', async () => {
  const heard = listening();
  const client = new Redis({ port: redis.port, password: MARKS.password, lazyConnect: false });
  let reply: string | undefined;
  const failingNow =
    (send: (...args: unknown[]) => Promise<unknown>) =>
    async (...args: unknown[]) => {
      if (reply !== undefined) throw replyError(reply);
      return send(...args);
    };
  const proxy = new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name === 'createBuiltinCommand') {
        return (command: string) => {
          const { string, buffer } = target.createBuiltinCommand(command) as unknown as Record<'string' | 'buffer', never>;
          const bound = (send: (...args: unknown[]) => Promise<unknown>) => failingNow(send.bind(target));
          return { string: bound(string), buffer: bound(buffer) };
        };
      }
      if (name === 'call' || name === 'callBuffer') return failingNow((value as never as () => Promise<unknown>).bind(target));
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
  try {
    for (const text of REPLIES) {
      reply = undefined;
      await using store = createStateStore({
        metastore: redisMetastore({ client: proxy }),
        logger: loggerTo(heard),
        commandTimeout: 100,
      });
      await store.ready().catch(() => undefined);
      reply = text;
      await heard.error(`error: ${text}`, () => store.task(SCOPE).set('small', MARKS.value));
      await heard.error(`error: ${text}`, () => store.task(SCOPE).get('small'));
      await maintain(heard, store);
      const task = testTask(store, { ...SCOPE, run: text.replace(/\W/g, '').slice(0, 40) });
      await heard.error(`error: ${text}`, () => task.attempt((ctx) => ctx.run(failing({}), { secret: MARKS.input })));
    }
  } finally {
    client.disconnect();
  }
  heard.hear('telemetry', await telemetry.text());

  expect(heard.places().length).toBeGreaterThan(REPLIES.length);
  expect(heard.leaks()).toEqual([]);
});

test('no mark is said while the servers are away', async () => {
  const heard = listening();
  const connection = { endpoint: minio.endpoint, region: S3_REGION };
  const wrong = { ...S3_CREDENTIALS, secretAccessKey: MARKS.accessKey, sessionToken: MARKS.token };
  const environments: [string, Record<string, string>][] = [
    ['a wrong password', { MOORING_REDIS_PASSWORD: `${MARKS.password}x` }],
    [
      'a wrong password in the address',
      { MOORING_REDIS: env['MOORING_REDIS']!.replace('//', `//:x${MARKS.password}@`), MOORING_REDIS_PASSWORD: '' },
    ],
    ['a Redis that is away', { MOORING_REDIS: `redis://u:${MARKS.password}@127.0.0.1:1/0`, MOORING_REDIS_PASSWORD: '' }],
    [
      'a Redis with TLS that has none',
      { MOORING_REDIS: `rediss://u:${MARKS.password}@127.0.0.1:${redis.port}/0`, MOORING_REDIS_PASSWORD: '' },
    ],
    ['a wrong key', { MOORING_CONNECTION_M: JSON.stringify({ ...connection, credentials: wrong, maxAttempts: 1 }) }],
    [
      'a bucket that is away',
      {
        MOORING_CONNECTION_M: JSON.stringify({
          ...connection,
          endpoint: 'http://127.0.0.1:1',
          credentials: wrong,
          maxAttempts: 1,
        }),
      },
    ],
  ];
  for (const [what, more] of environments) {
    const environment = { ...env, ...more };
    await heard.error(`error: ${what}`, async () => {
      await using store = await openStateStore({
        ...configFromEnv(environment),
        logger: loggerTo(heard),
        commandTimeout: 150,
      });
      await heard.error(`error: ${what}`, () => store.ready());
      await heard.error(`error: ${what}`, () => store.task(SCOPE).set('large', LARGE));
      await heard.error(`error: ${what}`, () => store.task(SCOPE).get('large'));
      await maintain(heard, store);
    });
    const open = (config: Parameters<typeof openStateStore>[0]): Promise<StateStore> =>
      openStateStore({ ...config, commandTimeout: 150 });
    for (const way of ['--json', '--verbose']) {
      const { stdout, stderr } = await runCommand(['doctor', way], { env: environment, tools: { open, doctor } });
      heard.hear(`command: doctor, ${what}`, stdout, stderr);
    }
  }

  expect(heard.leaks()).toEqual([]);
});

test('no mark is said of a wrong configuration', async () => {
  const heard = listening();
  const bad: unknown[] = [MARKS.password, [MARKS.password], { password: [MARKS.password] }, `redis://:${MARKS.password}@`];
  const names = ['MOORING_REDIS', 'MOORING_PATH', 'MOORING_FORMER_PATHS', 'MOORING_ALIASES', 'MOORING_CONNECTION_M'];
  const texts = [
    `s3://${MARKS.accessKey}:${MARKS.password}@bucket/`,
    `gs://a@${MARKS.token}@b/`,
    `{"secretAccessKey":"${MARKS.accessKey}"`,
  ];
  for (const name of names) {
    for (const text of [...texts, MARKS.password, `redis://x:${MARKS.password}@h:port/`, `x=${texts[0]}`, `["${MARKS.token}"]`]) {
      const environment = { ...env, [name]: text };
      await heard.error(`error: ${name}`, async () => (await openStateStore(configFromEnv(environment))).close());
      const { stdout, stderr } = await runCommand(['doctor', '--json'], {
        env: environment,
        tools: { open: openStateStore, doctor },
      });
      heard.hear(`command: ${name}`, stdout, stderr);
    }
  }
  const config = configFromEnv(env);
  for (const one of bad) {
    for (const option of ['redis', 'redisCredentials', 'redisOptions', 'connections', 'path', 'formerPaths', 'aliases']) {
      await heard.error(`error: ${option}`, async () => (await openStateStore({ ...config, [option]: one })).close());
    }
    await heard.error('error: password', async () =>
      (
        await openStateStore({ ...config, redisCredentials: { password: one as never, username: [MARKS.token] as never } })
      ).close(),
    );
    await heard.error('error: encryption', () => createStateStore({ encryption: one } as never));
    await heard.error('error: objectStore', () => createStateStore({ objectStore: one } as never));
    await heard.error('error: metastore', () => createStateStore({ metastore: one } as never));
    await heard.error('error: token', () => boardHandler({} as never, { token: one as never }));
    await heard.error('error: secret', () => callbackHandler({ secret: one as never, deliver: async () => undefined }));
  }
  await heard.error('error: token', () => boardHandler(createStateStore({} as never), { token: MARKS.token.slice(0, 20) }));

  expect(heard.leaks()).toEqual([]);
});
