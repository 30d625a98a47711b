import { describe, expect, it } from '@jest/globals';
import type { Payload, StorageDriverTargetInfo } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import fc from 'fast-check';
import { payloadBytes, payloadOf } from '../../../../adapters/temporal/external-storage/bytes.ts';
import { CorruptEntryError } from '../../../../src/index.ts';
import { digest, driverRig, jsonPayload, LONG, sdkBytes } from './rig.ts';

const bytes = fc.uint8Array({ maxLength: 300 });
const payload = fc.record(
  {
    metadata: fc.dictionary(fc.string({ unit: 'binary' }), bytes, { maxKeys: 4 }),
    data: bytes,
    externalPayloads: fc.array(fc.record({ sizeBytes: fc.maxSafeNat() }), { maxLength: 3 }),
  },
  { requiredKeys: [] },
);

describe('the bytes of a payload', () => {
  it('are those that the SDK makes', () => {
    fc.assert(
      fc.property(payload, (plain) => {
        const given = plain as object as Payload;
        expect(Buffer.from(payloadBytes(given))).toEqual(Buffer.from(sdkBytes(given)));
        expect(Buffer.from(sdkBytes(payloadOf(payloadBytes(given))))).toEqual(Buffer.from(sdkBytes(given)));
        expect(Buffer.from(payloadBytes(temporal.api.common.v1.Payload.decode(sdkBytes(given))))).toEqual(
          Buffer.from(sdkBytes(given)),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('are those of a message of the SDK, with defaults that it does not own', () => {
    const message = temporal.api.common.v1.Payload.create({ metadata: { encoding: Buffer.from('binary/null') } });

    expect(Buffer.from(payloadBytes(message))).toEqual(Buffer.from(sdkBytes(message)));
  });

  it('keep fields that only a newer SDK knows', () => {
    const newer = Buffer.concat([sdkBytes(jsonPayload('abc')), Buffer.from([0x22, 2, 7, 8, 0x28, 1])]);

    expect(Buffer.from(payloadBytes(payloadOf(newer)))).toEqual(newer);
    expect(Buffer.from(sdkBytes(payloadOf(newer)))).toEqual(newer);
  });

  it('read into copies, whatever the bytes are a part of', () => {
    const stored = Buffer.from(payloadBytes(jsonPayload('abc')));
    const read = payloadOf(stored);
    stored.fill(0);

    expect(Buffer.from(read.data ?? []).toString()).toBe('"abc"');
    expect(Buffer.from(read.metadata?.['encoding'] ?? []).toString()).toBe('json/plain');
  });

  it('that are none are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (random) => {
        try {
          payloadOf(random);
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptEntryError);
        }
      }),
      { numRuns: 2_000 },
    );
    expect(() => payloadOf(payloadBytes(jsonPayload('abc')).subarray(0, 10))).toThrow(CorruptEntryError);
  });
});

describe('the published form', () => {
  const rig = (): ReturnType<typeof driverRig> => driverRig({ keys: 'temporal-v0', bucket: 'payloads' });
  const VECTORS: [string, StorageDriverTargetInfo | undefined][] = [
    [
      'v0/ns/my-ns/wt/MyWorkflow/wi/wf-1/ri/run-1/d/sha256/',
      { kind: 'workflow', namespace: 'my-ns', type: 'MyWorkflow', id: 'wf-1', runId: 'run-1' },
    ],
    ['v0/ns/ns1/wt/null/wi/wf1/ri/null/d/sha256/', { kind: 'workflow', namespace: 'ns1', id: 'wf1' }],
    [
      'v0/ns/default/at/MyActivity/ai/act-789/ri/run-abc/d/sha256/',
      { kind: 'activity', namespace: 'default', id: 'act-789', runId: 'run-abc', type: 'MyActivity' },
    ],
    ['v0/d/sha256/', undefined],
    [
      "v0/ns/n/wt/a%2Fb/wi/..%2F%20%7E!-_.*'()%C3%A9/ri/null/d/sha256/",
      { kind: 'workflow', namespace: 'n', type: 'a/b', id: "../ ~!-_.*'()é", runId: '' },
    ],
  ];

  it.each(VECTORS)('has the key %s…', async (prefix, target) => {
    const { driver, object } = rig();
    const given = jsonPayload('hello');
    const [claim] = await driver.store({ ...(target && { target }) }, [given]);

    expect(claim?.claimData).toMatchObject({
      bucket: 'payloads',
      key: prefix + digest(given),
      hashAlgorithm: 'sha256',
      hashValue: digest(given),
    });
    await expect(object(claim?.claimData['key'])).resolves.toEqual(Buffer.from(sdkBytes(given)));
  });

  it('has references that the drivers of Python and Java read too', async () => {
    const { store } = rig();

    await expect(store(jsonPayload('hello'))).resolves.toMatchObject({
      hash_algorithm: 'sha256',
      hash_value: digest(jsonPayload('hello')),
    });
  });

  it('has the name and type of the published driver', async () => {
    const { driver } = rig();

    expect(driver).toMatchObject({ name: 'aws.s3driver', type: 'aws.s3driver' });
  });

  it('is read as the drivers of every SDK write it', async () => {
    const { memory, retrieve } = rig();
    const given = jsonPayload(LONG.plain);
    const key = `v0/ns/n/wt/a~b/wi/w/ri/r/d/sha256/${digest(given)}`;
    await memory.put(key, sdkBytes(given), { ifAbsent: true });

    for (const hash of [
      { hashAlgorithm: 'sha256', hashValue: digest(given) },
      { hash_algorithm: 'sha256', hash_value: digest(given) },
    ]) {
      expect(sdkBytes(await retrieve({ bucket: 'payloads', key, ...hash }))).toEqual(sdkBytes(given));
    }
  });

  it.each([{ key: 'v0/../../etc/passwd' }, { bucket: 'another' }, { hashAlgorithm: 'md5' }, { hashValue: 'x' }])(
    'is not followed where a reference says %j',
    async (change) => {
      const { store, retrieve, calls } = driverRig({ keys: 'temporal-v0', bucket: 'payloads', cacheBytes: 0 });
      const claim = await store(jsonPayload('hello'));
      calls.length = 0;

      await expect(retrieve({ ...claim, ...change })).rejects.toThrow(/object key|bucket|no format/);
      expect(calls.length).toBeLessThanOrEqual(1);
    },
  );
});

describe('the form of our own', () => {
  it('puts class, namespace and day in front', async () => {
    const { store, driver, ends } = driverRig({
      retention: '30d',
      clock: { now: () => Date.UTC(2026, 10, 22, 23, 59), sleep: async () => undefined },
    });
    const claim = await store(jsonPayload(LONG.plain));

    expect(claim['key']).toBe(`payloads/30d/default/2026-11-22/${digest(jsonPayload(LONG.plain))}.gzip`);
    // The whole retention after the last moment of the day in which the same payload may be met.
    expect(ends.get(claim['key'] ?? '')).toEqual(new Date('2026-12-23T00:00:00Z'));
    expect(driver).toMatchObject({ name: 'mooring', type: 'mooring.objectstore' });
  });

  it('has an object of its own on another day, since the first may be deleted a retention after the first', async () => {
    let now = Date.UTC(2026, 10, 22);
    const { store, calls } = driverRig({ retention: '30d', clock: { now: () => now, sleep: async () => undefined } });
    const first = await store(jsonPayload('x'));
    now += 86_400_000;

    expect((await store(jsonPayload('x')))['key']).not.toBe(first['key']);
    expect(calls).toHaveLength(2);
  });

  it('keeps what does not end in a class of its own', async () => {
    const { store, ends } = driverRig();
    const claim = await store(jsonPayload('x'), { kind: 'activity', namespace: "../a'b" });

    expect(claim['key']).toBe(`payloads/forever/..%2Fa%27b/any/${digest(jsonPayload('x'))}`);
    expect(ends.get(claim['key'] ?? '')).toBeUndefined();
  });

  it('is listed by the store', async () => {
    const { store, memory } = driverRig();
    const { key } = await store(jsonPayload('x'));
    const listed: string[] = [];
    for await (const object of memory.list('payloads/forever/default/')) listed.push(object.key);

    expect(listed).toEqual([key]);
  });
});
