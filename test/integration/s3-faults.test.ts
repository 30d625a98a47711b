import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { S3Client } from '@aws-sdk/client-s3';
import { Agent } from 'node:http';
import { inspect } from 'node:util';
import { memoryMetastore } from '../../src/metastore/memory/store.ts';
import { s3ObjectStore } from '../../src/s3.ts';
import { createStateStore } from '../../src/state-store/create-state-store.ts';
import { all, objectOf } from '../contract/object-store.ts';
import { S3_CREDENTIALS, S3_REGION } from '../support/s3-server.ts';
import { S3_SERVERS, startS3Rig, type S3Rig } from '../support/s3-servers.ts';
import { until } from '../support/until.ts';

/** Connections that break, servers that refuse, and what of both a user sees. */

const KEY = objectOf('film', '1.bin');
const CREATE = { ifAbsent: true };
const MEBIBYTE = 2 ** 20;
const film = (length: number): Buffer => Buffer.alloc(length, 'a film of no great length ');

describe.each(S3_SERVERS)('on $name', ({ start }) => {
  let rig: S3Rig;

  beforeAll(async () => {
    rig = await startS3Rig(start);
  });
  afterAll(() => rig?.stop());

  describe('a body that breaks off', () => {
    it.each([1, 3])('%i times is read to its end all the same', async (times) => {
      const store = rig.store();
      const body = film(3 * MEBIBYTE);
      await store.put(KEY, body, CREATE);
      const broken = { kind: 'truncate', bytes: MEBIBYTE / 2 } as const;

      const found = await rig.losing('GET', KEY, broken, () => store.get(KEY), times);
      const streamed = await rig.losing(
        'GET',
        KEY,
        broken,
        async () => Buffer.concat(await all((await store.getStream(KEY, { start: 5 })) as AsyncIterable<Uint8Array>)),
        times,
      );

      expect(Buffer.compare(found as Uint8Array, body)).toBe(0);
      expect(Buffer.compare(streamed, body.subarray(5))).toBe(0);
    });

    it('at every byte again is an error', async () => {
      const store = rig.store();
      await store.put(KEY, film(MEBIBYTE), CREATE);

      const losing = rig.losing('GET', KEY, { kind: 'truncate', bytes: 10 }, () => store.get(KEY));

      await expect(losing).rejects.toMatchObject({ name: 'S3Error', code: 'IncompleteBody' });
    });
  });

  it('a put whose answer was lost is stored: the value is there, its object once', async () => {
    const objectStore = rig.store();
    const store = createStateStore({ metastore: memoryMetastore(), objectStore, offloadThreshold: 0 });
    const state = store.task({ flow: 'films', run: '1', task: 'cut' });

    await rig.losing('PUT', 'films', { kind: 'lose-reply' }, () => state.set('cursor', 7), 1);

    await expect(state.get('cursor')).resolves.toBe(7);
    await expect(all(objectStore.list('default/films/'))).resolves.toHaveLength(1);
  });

  it.each([
    ['is reset', { kind: 'reset' } as const],
    ['fails', { kind: 'answer', status: 500, code: 'InternalError' } as const],
    ['is throttled', { kind: 'answer', status: 503, code: 'SlowDown' } as const],
    ['meets another on the name', { kind: 'answer', status: 409, code: 'ConditionalRequestConflict' } as const],
  ])('a request that %s twice is sent again', async (_what, fate) => {
    const store = rig.store();

    await expect(rig.losing('PUT', KEY, fate, () => store.put(KEY, film(9), CREATE), 2)).resolves.toBe('created');

    await expect(store.get(KEY)).resolves.toEqual(film(9));
  });

  it('a server that does not know the condition has its objects made without', async () => {
    const store = rig.store();
    const put = (): Promise<unknown> => store.put(KEY, film(9), CREATE);
    const unknown = { kind: 'answer', status: 501, code: 'NotImplemented' } as const;

    await expect(rig.losing('PUT', KEY, unknown, put, 1)).resolves.toBe('created');
    await expect(put()).resolves.toBe('exists');
    await expect(rig.requestsOf(() => store.put(objectOf('other'), film(9), CREATE))).resolves.toEqual(['HEAD', 'PUT']);
  });

  it('a server that hangs is waited for as long as the signal says', async () => {
    const store = rig.store();
    await store.put(KEY, film(9), CREATE);
    const acts: [method: string, act: (signal: AbortSignal) => Promise<unknown>][] = [
      ['GET', (signal) => store.get(KEY, { signal })],
      ['PUT', (signal) => store.put(objectOf('k'), film(9), { ...CREATE, signal })],
      ['POST', (signal) => store.delete([KEY], { signal })],
      ['GET', (signal) => all(store.list('', { signal }))],
    ];

    for (const [method, act] of acts) {
      const controller = new AbortController();
      const before = rig.proxy.requests.length;
      const losing = rig.losing(method, '', { kind: 'hang' }, () => act(controller.signal));
      const rejected = expect(losing).rejects.toThrow('enough');
      await until(() => rig.proxy.requests.length > before);
      controller.abort(new Error('enough'));
      await rejected;
    }
  });

  it('no bucket of that name is an error of every operation, never a missing object', async () => {
    const store = s3ObjectStore({ client: rig.client, bucket: `${rig.bucket}-other`, prefix: 'job-state' });
    const noBucket = {
      code: 'NoSuchBucket',
      message: expect.stringMatching(/s3:\/\/mooring-\w+-other\/job-state\/.*Check the name of the bucket/),
    };

    await expect(store.get(KEY)).rejects.toMatchObject(noBucket);
    await expect(store.getStream(KEY)).rejects.toMatchObject(noBucket);
    await expect(store.getStream(KEY, { start: 2, end: 2 })).rejects.toMatchObject(noBucket);
    await expect(store.put(KEY, film(9), CREATE)).rejects.toMatchObject(noBucket);
    await expect(store.put(KEY, film(9 * MEBIBYTE), CREATE)).rejects.toMatchObject(noBucket);
    await expect(all(store.list(''))).rejects.toMatchObject(noBucket);
    await expect(store.delete([KEY])).resolves.toMatchObject([{ key: KEY, error: noBucket }]);
    const state = createStateStore({ metastore: memoryMetastore(), objectStore: store });
    await expect(state.ready()).rejects.toMatchObject({ code: 'mooring.store-unavailable', cause: noBucket });
  });

  it('wrong credentials are an error that shows nothing of them', async () => {
    const secretAccessKey = 'not-the-secret-of-this-server';
    const client = new S3Client({
      endpoint: rig.server.endpoint,
      region: S3_REGION,
      forcePathStyle: true,
      credentials: { ...S3_CREDENTIALS, secretAccessKey },
    });
    const objectStore = s3ObjectStore({ client, bucket: rig.bucket });
    const store = createStateStore({ metastore: memoryMetastore(), objectStore, offloadThreshold: 0 });

    const [got, set] = await Promise.all(
      [objectStore.get(KEY), store.task({ flow: 'f', run: 'r', task: 't' }).set('key', 1)].map((refused) =>
        refused.then(
          () => undefined,
          (error: unknown) => error,
        ),
      ),
    );
    client.destroy();

    expect(got).toMatchObject({ code: 'SignatureDoesNotMatch', status: 403 });
    expect(set).toMatchObject({ code: 'mooring.store-unavailable', cause: { code: 'SignatureDoesNotMatch' } });
    for (const error of [got, set]) {
      const shown = inspect(error, { depth: 20, showHidden: true });
      expect(shown).not.toContain(secretAccessKey);
      expect(shown).not.toMatch(/authorization|x-amz|[0-9a-f]{64}/i);
    }
  });

  it('connections are free again, whatever became of the body', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    const busy = (): number => Object.values(agent.sockets).flat().length;
    const client = new S3Client({
      endpoint: rig.server.endpoint,
      region: S3_REGION,
      forcePathStyle: true,
      credentials: S3_CREDENTIALS,
      requestHandler: { httpAgent: agent },
    });
    const store = s3ObjectStore({ client, bucket: rig.bucket, prefix: 'sockets' });
    const body = film(4 * MEBIBYTE);
    await store.put(KEY, body, CREATE);
    const open = async (options?: object): Promise<AsyncIterable<Uint8Array>> =>
      (await store.getStream(KEY, options)) as AsyncIterable<Uint8Array>;

    for (let round = 0; round < 10; round += 1) {
      await store.get(KEY);
      await store.get(objectOf('missing'));
      await store.put(KEY, film(9), CREATE);
      await open({ start: 3, end: 3 });
      await open({ start: 5 * MEBIBYTE });
      for await (const chunk of await open()) if (chunk.length > 0) break;
      const controller = new AbortController();
      const aborted = await open({ signal: controller.signal });
      controller.abort(new Error('enough'));

      await expect(all(aborted)).rejects.toThrow('enough');

      const returned = (await open())[Symbol.asyncIterator]();
      await returned.return?.();
      const exactly = (await open({ end: 1 }))[Symbol.asyncIterator]();
      await exactly.next();
      await exactly.return?.();
    }

    await until(() => busy() === 0);
    client.destroy();
  });
});
