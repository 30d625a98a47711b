import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { redisMetastore } from '../../src/redis.ts';
import { s3ObjectStore } from '../../src/s3.ts';
import { createStateStore } from '../../src/state-store/create-state-store.ts';
import type { StateStore } from '../../src/state-store/state-store.ts';
import { all, objectOf } from '../contract/object-store.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { startVersityGateway, type S3Server } from '../support/versitygw.ts';

/**
 * A server whose conditional writes are not atomic: of those that make one object at once, several may be told that they did. State
 * does not rest on it: no name is used twice, and the switch in the metastore is the only commit point.
 */

const WRITERS = 20;
const TASK = { flow: 'films', run: '1', task: 'cut' };

let server: S3Server;
let redis: TestRedis;
let bucket: string;
const clients: Redis[] = [];

beforeAll(async () => {
  [server, redis] = await Promise.all([startVersityGateway(), startRedis()]);
  bucket = await server.bucket();
});
afterAll(async () => {
  for (const client of clients) client.disconnect();
  await Promise.all([server?.stop(), redis?.stop()]);
});

const objects = (prefix: string): ReturnType<typeof s3ObjectStore> => s3ObjectStore({ client: server.client(), bucket, prefix });

/** As of a process of its own: every value goes to the bucket. */
function open(prefix: string): StateStore {
  const client = new Redis(redis.port, '127.0.0.1');
  clients.push(client);
  return createStateStore({
    metastore: redisMetastore({ client }),
    objectStore: objects(prefix),
    offloadThreshold: 0,
    namespace: prefix,
  });
}

describe('on versitygw', () => {
  it('an object that many make at once is that of one who was told so, whole', async () => {
    const store = objects('objects');
    for (let round = 0; round < 20; round += 1) {
      const key = objectOf('k', `${round}.bin`);
      const bodies = Array.from({ length: WRITERS }, (_, writer) => Buffer.alloc(20_000, `of ${writer} `));
      const made = await Promise.all(bodies.map((body) => store.put(key, body, { ifAbsent: true })));
      const winners = bodies.filter((_, writer) => made[writer] === 'created');

      // By a client of its own. When the server refuses a put, it leaves the body unread and answers 412. It takes the rest of
      // the body for the next request of that connection, answers that with 400 (RequestHeaderSectionTooLarge) and hangs up. On
      // one connection the 400 comes before anything else was sent. A client that sends its next request there in between hears
      // it in reply.
      const found = (await objects('objects').get(key)) as Uint8Array;

      expect(winners.filter((body) => Buffer.compare(body, found) === 0)).toHaveLength(1);
    }
  });

  it('I1 a value that many write at once is one of theirs, whole, at every moment', async () => {
    const stores = Array.from({ length: WRITERS }, () => open('values'));
    const value = (writer: number): string => `of ${writer} `.repeat(500);
    const values = new Set(Array.from({ length: WRITERS }, (_, writer) => value(writer)));
    const seen: unknown[] = [];
    let writing = true;
    const reader = (async () => {
      const state = open('values').task(TASK);
      while (writing) seen.push(await state.get('cut'));
    })();
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(stores.map((store, writer) => store.task(TASK).set('cut', value(writer))));
    }
    writing = false;
    await reader;

    expect(seen.filter((what) => what !== undefined && !values.has(what as string))).toEqual([]);
    expect(values).toContain(await open('values').task(TASK).get('cut'));
  });

  it('C81 every one of many updates counts', async () => {
    const stores = Array.from({ length: WRITERS }, () => open('counter'));

    await Promise.all(stores.map((store) => store.task(TASK).update('count', (current = 0) => (current as number) + 1)));

    await expect(open('counter').task(TASK).get('count')).resolves.toBe(WRITERS);
  });

  it('C81 of many that make a value only where there is none, one does', async () => {
    const stores = Array.from({ length: WRITERS }, () => open('first'));

    const outcomes = await Promise.allSettled(
      stores.map((store, writer) => store.task(TASK).set('owner', writer, { ifVersion: 'absent' })),
    );

    const winners = outcomes.flatMap(({ status }, writer) => (status === 'fulfilled' ? [writer] : []));

    expect(winners).toEqual([await open('first').task(TASK).get('owner')]);
    // The others' objects are gone: a definite refusal deletes what it has put.
    await expect(all(objects('first').list('first/films/'))).resolves.toHaveLength(1);
  });
});
