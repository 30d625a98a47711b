import { gzipSync } from 'node:zlib';
import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { externalStorageDriver, type ExternalStorageOptions } from '../../../../adapters/temporal/external-storage/index.ts';
import {
  CodecUnavailableError,
  ConfigError,
  CorruptEntryError,
  MissingObjectError,
  StoreUnavailableError,
  UnknownLocationError,
} from '../../../../src/index.ts';
import { memoryObjectStore } from '../../../../src/testing.ts';
import { digest, driverRig, jsonPayload, LONG, sdkBytes, TARGET } from './rig.ts';

const down = (): never => {
  throw new Error('connection refused');
};

describe('storing', () => {
  it('is one request for a payload that comes twice', async () => {
    const { store, calls } = driverRig();
    const first = await store(jsonPayload(LONG.plain));
    const again = await store(jsonPayload(LONG.plain));

    expect(again).toEqual(first);
    expect(calls).toEqual([`put ${first['key']}`]);
  });

  it('asks again after a while, since a rule of the bucket may have deleted the object', async () => {
    let now = 0;
    const { store, calls } = driverRig({ clock: { now: () => now, sleep: async () => undefined } });
    await store(jsonPayload('x'));
    now = 600_000;
    await store(jsonPayload('x'));

    expect(calls).toHaveLength(2);
  });

  it('takes an object of another process for the same', async () => {
    const { store, memory } = driverRig();
    const claim = await store(jsonPayload(LONG.plain));
    const other = driverRig({ objectStore: memory });

    await expect(other.store(jsonPayload(LONG.plain))).resolves.toEqual(claim);
  });

  it('compresses where it pays', async () => {
    const { store, object } = driverRig();
    const [plain, random] = [await store(jsonPayload(LONG.plain)), await store({ data: Buffer.from(LONG.random, 'base64') })];

    expect(plain).toMatchObject({ codec: 'gzip' });
    expect((await object(plain['key'])).length).toBeLessThan(1_000);
    expect(random).toMatchObject({ codec: 'none' });
  });

  it('leaves what is encrypted unchanged', async () => {
    const { store, object } = driverRig();
    const encrypted = jsonPayload(LONG.plain, 'binary/encrypted');
    const claim = await store(encrypted);

    expect(claim).toMatchObject({ codec: 'none' });
    await expect(object(claim['key'])).resolves.toEqual(Buffer.from(sdkBytes(encrypted)));
  });

  it('goes on without compression where a codec fails', async () => {
    const fail = (): Promise<never> => Promise.reject(new Error('no memory'));
    const { store } = driverRig({ codec: { name: 'own', encode: fail, decode: fail } });

    await expect(store(jsonPayload(LONG.plain))).resolves.toMatchObject({ codec: 'none' });
  });

  it('tries again until the store answers', async () => {
    const { store, on, calls, retrieve } = driverRig({ cacheBytes: 0 });
    let failures = 3;
    on.call = () => {
      failures -= 1;
      if (failures >= 0) down();
    };
    const claim = await store(jsonPayload(LONG.plain));
    expect(calls).toHaveLength(4);
    failures = 3;

    await expect(retrieve(claim)).resolves.toEqual(
      expect.objectContaining({ data: new Uint8Array(Buffer.from(JSON.stringify(LONG.plain))) }),
    );
    expect(calls).toHaveLength(8);
  });

  it('does not wait for a call that hears no signal', async () => {
    const { store, on } = driverRig({ whenUnavailable: 'fail', callTimeout: 20, timeout: 60 });
    on.call = () => new Promise(() => undefined);

    await expect(store(jsonPayload('x'))).rejects.toThrow(StoreUnavailableError);
  });

  it('ends at once when the SDK gives up, inline or not', async () => {
    for (const whenUnavailable of ['inline', 'fail'] as const) {
      const { driver, on } = driverRig({ whenUnavailable });
      const controller = new AbortController();
      on.call = () => controller.abort(new Error('the other payload failed'));

      await expect(driver.store({ target: TARGET, abortSignal: controller.signal }, [jsonPayload('x')])).rejects.toThrow(
        'the other payload failed',
      );
    }
  });

  it('leaves no other running when one fails', async () => {
    const { driver, on } = driverRig({ whenUnavailable: 'fail', maxPayloadBytes: 1_000 });
    let open = 0;
    on.call = async (signal) => {
      open += 1;
      await new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      }).finally(() => {
        open -= 1;
      });
    };

    await expect(driver.store({}, [jsonPayload('x'), jsonPayload(LONG.plain)])).rejects.toThrow('maxPayloadBytes is 1000');
    expect(open).toBe(0);
  });

  it('keeps the order of many payloads', async () => {
    const { driver } = driverRig();
    const all = Array.from({ length: 40 }, (_, index) => jsonPayload({ index }));
    const claims = await driver.store({ target: TARGET }, all);

    expect((await driver.retrieve({}, claims)).map(sdkBytes)).toEqual(all.map(sdkBytes));
  });
});

describe('when the object store is down', () => {
  it('the payload stays in the message', async () => {
    const told: object[] = [];
    const log = (fields: object): void => void told.push(fields);
    const { store, on, calls, retrieve } = driverRig({ cacheBytes: 0, logger: { debug: log, info: log, warn: log, error: log } });
    on.call = down;
    const claim = await store(jsonPayload(LONG.plain));
    const tries = calls.length;

    expect(JSON.stringify(claim).length).toBeLessThan(1_000);
    expect(sdkBytes(await retrieve(claim))).toEqual(sdkBytes(jsonPayload(LONG.plain)));
    expect(calls).toHaveLength(tries);
    expect(told).toEqual([
      expect.objectContaining({ sha256: digest(jsonPayload(LONG.plain)), error: expect.any(StoreUnavailableError) }),
    ]);
    expect(JSON.stringify(told)).not.toContain('abc abc');
  });

  it('nothing of it is an error of the driver: not a payload that is too large, nor a logger that throws', async () => {
    const { store, retrieve } = driverRig({
      maxPayloadBytes: 1_000,
      logger: { debug: down, info: down, warn: down, error: down },
    });
    const claim = await store(jsonPayload(LONG.random));

    expect(claim).toHaveProperty('inline');
    expect(sdkBytes(await retrieve(claim))).toEqual(sdkBytes(jsonPayload(LONG.random)));
  });

  it('it is an error for what no message to the server holds', async () => {
    const { store, on } = driverRig();
    on.call = down;

    await expect(store({ data: randomBytes(1_400_000) })).rejects.toThrow(StoreUnavailableError);
  });

  it('it is an error where references must be readable by other drivers, or where that is asked for', async () => {
    for (const options of [{ keys: 'temporal-v0', bucket: 'b' }, { whenUnavailable: 'fail' }] as const) {
      const { store, on } = driverRig(options);
      on.call = down;

      await expect(store(jsonPayload('x'))).rejects.toMatchObject({
        code: 'mooring.store-unavailable',
        cause: { message: 'connection refused' },
      });
    }
  });
});

describe('retrieving', () => {
  it('is one request for a payload that is asked for twice', async () => {
    const { store, memory } = driverRig();
    const claim = await store(jsonPayload(LONG.plain));
    const other = driverRig();
    await other.memory.put(claim['key'] ?? '', (await memory.get(claim['key'] ?? '')) ?? new Uint8Array(), { ifAbsent: true });
    await other.retrieve(claim);
    const twice = await other.retrieve(claim);

    expect(other.calls).toEqual([`get ${claim['key']}`]);
    expect(sdkBytes(twice)).toEqual(sdkBytes(jsonPayload(LONG.plain)));
  });

  it('keeps copies of its own, no more than it may', async () => {
    const { store, retrieve, calls } = driverRig({ codec: 'none', cacheBytes: 200_000 });
    const claims = [];
    for (let at = 0; at < 6; at += 1) claims.push(await store(jsonPayload(`${at}${LONG.plain}`)));
    calls.length = 0;
    for (const claim of claims.slice(2)) (await retrieve(claim)).data?.fill(0);
    expect(calls).toEqual([]);
    expect(sdkBytes(await retrieve(claims[5] ?? {}))).toEqual(sdkBytes(jsonPayload(`5${LONG.plain}`)));

    await retrieve(claims[0] ?? {});
    expect(calls).toHaveLength(1);
  });

  it('says what is missing, without trying again', async () => {
    const { store, memory, retrieve, calls } = driverRig({ cacheBytes: 0 });
    const claim = await store(jsonPayload('x'));
    await memory.delete([claim['key'] ?? '']);
    calls.length = 0;

    await expect(retrieve(claim)).rejects.toThrow(MissingObjectError);
    expect(calls).toHaveLength(1);
  });

  it('refuses other bytes than were stored', async () => {
    const { store, memory, retrieve } = driverRig({ cacheBytes: 0, codec: 'none' });
    const claim = await store(jsonPayload('abc'));
    await memory.put(claim['key'] ?? '', sdkBytes(jsonPayload('abd')), { ifAbsent: false });

    await expect(retrieve(claim)).rejects.toThrow(CorruptEntryError);
  });

  it('stops at the size that was stored', async () => {
    const { store, memory, retrieve } = driverRig({ cacheBytes: 0 });
    const claim = await store(jsonPayload(LONG.plain));

    for (const bytes of [gzipSync(Buffer.alloc(2 ** 26)), Buffer.alloc(2 ** 20)]) {
      await memory.put(claim['key'] ?? '', bytes, { ifAbsent: false });
      await expect(retrieve(claim)).rejects.toThrow(CorruptEntryError);
    }
  });

  it('refuses a claim of more than maxPayloadBytes', async () => {
    const { store, retrieve } = driverRig({ cacheBytes: 0, maxPayloadBytes: 100_000 });
    const claim = await store(jsonPayload('x'));

    await expect(retrieve({ ...claim, size: '100001' })).rejects.toThrow('maxPayloadBytes is 100000');
  });

  it('refuses an object of more than maxPayloadBytes that does not say its size', async () => {
    const published = driverRig({ cacheBytes: 0, maxPayloadBytes: 1_000, keys: 'temporal-v0', bucket: 'b' });
    const large = new Uint8Array(1_001);
    await published.memory.put('v0/d/sha256/x', large, { ifAbsent: true });
    const hashValue = createHash('sha256').update(large).digest('hex');

    await expect(published.retrieve({ bucket: 'b', key: 'v0/d/sha256/x', hashAlgorithm: 'sha256', hashValue })).rejects.toThrow(
      'more than 1000 bytes',
    );
  });

  it('reads what lies in a former object store', async () => {
    const former = driverRig({ cacheBytes: 0 });
    const claim = await former.store(jsonPayload('x'));
    const objectStore = memoryObjectStore({ alias: 'new' });
    const moved = driverRig({ objectStore, formerObjectStores: [former.memory] });

    expect(sdkBytes(await moved.retrieve(claim))).toEqual(sdkBytes(jsonPayload('x')));
  });

  it('names an object store that it does not know', async () => {
    const former = driverRig({ cacheBytes: 0 });
    const claim = await former.store(jsonPayload('x'));
    const objectStore = memoryObjectStore({ alias: 'new' });

    await expect(driverRig({ objectStore }).retrieve(claim)).rejects.toThrow(UnknownLocationError);
  });

  it('names a codec that it does not know', async () => {
    const codec = {
      name: 'halves',
      encode: async (bytes: Uint8Array) => bytes.subarray(0, bytes.length / 2),
      decode: async (bytes: Uint8Array) => Buffer.concat([bytes, bytes]),
    };
    const { store, memory } = driverRig({ codec });
    const twice = Buffer.from('\u0012\u0080\u0020'.repeat(2_000));
    const claim = await store({ data: twice });

    expect(claim).toMatchObject({ codec: 'halves' });
    await expect(driverRig({ objectStore: memory }).retrieve(claim)).rejects.toThrow(CodecUnavailableError);
  });

  it.each([
    {},
    { format: '2' },
    { format: '1', sha256: 'x', codec: 'none', size: '1', inline: '' },
    { format: '1', sha256: 'a'.repeat(64), codec: 'none', size: '-1', inline: '' },
    { format: '1', sha256: 'a'.repeat(64), codec: 'none', size: '1' },
    { format: '1', sha256: 'a'.repeat(64), codec: 'none', size: '0', inline: 'AAAA' },
  ])('refuses the claim %j', async (claim) => {
    await expect(driverRig().retrieve(claim as Record<string, string>)).rejects.toThrow(CorruptEntryError);
  });
});

describe('options', () => {
  const objectStore = memoryObjectStore();

  it.each<[string, Partial<Record<keyof ExternalStorageOptions | 'keyz', unknown>>]>([
    ['objectStore', { objectStore: {} }],
    ['formerObjectStores', { formerObjectStores: objectStore }],
    ['formerObjectStores[0]', { formerObjectStores: [objectStore] }],
    ['name', { name: '' }],
    ['keys', { keys: 'v0' }],
    ['bucket', { bucket: 'b' }],
    ['bucket', { keys: 'temporal-v0' }],
    ['codec', { keys: 'temporal-v0', bucket: 'b', codec: 'gzip' }],
    ['retention', { keys: 'temporal-v0', bucket: 'b', retention: '30d' }],
    ['codec', { codec: 'zip' }],
    ['codec', { codec: {} }],
    ['codec.name', { codec: { name: 'gzip', encode: down, decode: down } }],
    ['codec.name', { codec: { name: 'A', encode: down, decode: down } }],
    ['retention', { retention: '12h' }],
    ['retention', { retention: 0 }],
    ['whenUnavailable', { whenUnavailable: 'drop' }],
    ['maxPayloadBytes', { maxPayloadBytes: 0 }],
    ['cacheBytes', { cacheBytes: -1 }],
    ['callTimeout', { callTimeout: 0 }],
    ['timeout', { timeout: 'soon' }],
    ['logger', { logger: {} }],
    ['clock', { clock: {} }],
    ['random', { random: 1 }],
    ['keyz', { keyz: 1 }],
  ])('%s is refused in %j', (option, given) => {
    const make = (): unknown => externalStorageDriver({ objectStore, ...given } as ExternalStorageOptions);

    expect(make).toThrow(ConfigError);
    expect(make).toThrow(expect.objectContaining({ option }));
  });
});
