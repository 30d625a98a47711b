import { describe, expect, test } from '@jest/globals';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { deflateSync, inflateSync } from 'node:zlib';
import { externalJob } from '../../src/job/define.ts';
import { isMooringError, StateLostError } from '../../src/model/errors/store.ts';
import type { Codec, Encryption } from '../../src/codec/codec.ts';
import { reconcile } from '../../src/maintenance/reconcile/reconcile.ts';
import { recover, type RecoveredEntry, type RecoverOptions } from '../../src/maintenance/recover/recover.ts';
import { sweep } from '../../src/maintenance/sweep/sweep.ts';
import { orderedFence } from '../../src/format/write-id.ts';
import { keyName, resultName, scopePath } from '../../src/format/path.ts';
import { generationKey } from '../../src/state-store/objects/lineage.ts';
import { internalsOf } from '../../src/state-store/internals.ts';
import { createStateStore } from '../../src/state-store/create-state-store.ts';
import type { StateStoreOptions } from '../../src/state-store/options.ts';
import { interceptMetastore, interceptObjectStore } from '../support/intercept.ts';
import { testRuntime } from '../support/runtime.ts';
import { birthsIn, DAY, generationsIn, HOUR, memoryLogger, MINUTE, TASK, type MaintenanceBench } from './maintenance-parts.ts';
import { attemptHandle, collected } from './state-store-parts.ts';

const ALL = { apply: true, maxShare: 1 } as const;
const LONG = 'x'.repeat(5_000);

const secret = randomBytes(32);

/** AES-256-GCM, with the path as associated data. */
const encryption: Encryption = {
  name: 'aes',
  async encrypt(bytes, { path }) {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(Buffer.from(path));
    return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  },
  async decrypt(bytes, { path }) {
    const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, 12)).setAAD(Buffer.from(path));
    decipher.setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
  },
};

/** A codec of a user. */
const own: Codec = {
  name: 'deflate',
  encode: async (bytes) => deflateSync(bytes),
  decode: async (bytes, { maxBytes }) => inflateSync(bytes, { maxOutputLength: Math.max(1, maxBytes) }),
};

async function* chunks(parts: number, bytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < parts; at += 1) yield Buffer.alloc(bytes, at % 7);
}

async function streamed(parts: number, bytes: number): Promise<Buffer> {
  return Buffer.concat(await collected(chunks(parts, bytes)));
}

/** What recover brings back, and what it leaves alone. */
export function recoverTests(bench: MaintenanceBench): void {
  const lose = async (): Promise<void> => {
    await bench.advance(MINUTE);
    await bench.rig.flush();
  };

  describe('recover', () => {
    const KINDS: [string, Partial<StateStoreOptions>][] = [
      ['raw', {}],
      ['gzip', { codec: 'gzip' }],
      ['snappy', { codec: 'snappy' }],
      ['brotli', { codec: 'brotli' }],
      ['a codec of the user', { codec: own }],
      ['encrypted', { encryption }],
      ['compressed and encrypted', { codec: 'gzip', encryption }],
    ];

    test.each(KINDS)('brings back every offloaded value: %s', async (_kind, options) => {
      const scopes = [TASK, { ...TASK, itemKey: 'é / ü' }, { ...TASK, run: 'y'.repeat(300) }];
      const assets = [{ name: 'orders' }, { uri: 's3://bucket/orders?v=1' }];
      const values = { long: LONG, short: 'é', bytes: new Uint8Array([1, 2, 3]), nothing: '', list: [1, { a: null }] };
      const write = bench.open(options);
      for (const scope of scopes) await write.task(scope).setMany({ ...values, ['d'.repeat(250)]: 'under a digest' });
      for (const asset of assets) await write.asset(asset).setMany(values);
      await write.task(TASK).setStream('stream', chunks(25, 100_001));
      await write.task(TASK).setStream('small', chunks(2, 10));
      await write.task(TASK).setStream('empty', chunks(0, 0));
      await lose();
      const store = bench.open(options);
      await expect(reconcile(store, { apply: true })).rejects.toBeInstanceOf(StateLostError);

      const report = await recover(store, { apply: true });

      expect(report).toEqual({ entries: 3 * 6 + 2 * 5 + 3, skipped: 0, unreadable: 0 });
      const read = bench.open(options);
      for (const scope of scopes) {
        expect(await read.task(scope).getMany(Object.keys(values))).toEqual(values);
        expect(await read.task(scope).get('d'.repeat(250))).toBe('under a digest');
      }
      for (const asset of assets) expect(await read.asset(asset).getMany(Object.keys(values))).toEqual(values);
      const stream = await read.task(TASK).getStream('stream');
      expect(stream && Buffer.compare(await buffer(stream), await streamed(25, 100_001))).toBe(0);
      expect(await read.task(TASK).get('small')).toEqual(new Uint8Array([...Array(10).fill(0), ...Array(10).fill(1)]));
      expect(await read.task(TASK).get('empty')).toEqual(new Uint8Array());
      await bench.advance(2 * DAY);
      expect(await reconcile(bench.open(options), { apply: true })).toMatchObject({ objects: 0, failed: [] });
    });

    test('brings back a stream in frames, however small the values are that the store takes', async () => {
      const options = { codec: 'gzip', maxValueBytes: 1_000 } as const;
      await bench.open(options).task(TASK).setStream('stream', chunks(25, 100_001));
      await lose();

      expect(await recover(bench.open(options), { apply: true })).toEqual({ entries: 1, skipped: 0, unreadable: 0 });
      const stream = await bench.open(options).task(TASK).getStream('stream');
      expect(stream && Buffer.compare(await buffer(stream), await streamed(25, 100_001))).toBe(0);
    });

    test('brings back what an attempt wrote, with the results of its external jobs', async () => {
      const store = bench.open();
      const job = externalJob({
        submit: async () => 'job-1',
        getStatus: async () => ({ state: 'succeeded' as const }),
        getResult: async () => ({ url: 'x' }),
      });
      const scope = { flow: 'flow', run: 'run', task: 'task' };
      await testRuntime(store).attempt(async (ctx) => {
        await ctx.state.set('step', 1);
        await ctx.run(job, 'input');
      });
      const before = await store.task(scope).getEntry('step');
      await lose();

      expect(await recover(bench.open(), { apply: true })).toEqual({ entries: 2, skipped: 0, unreadable: 0 });

      const after = await bench.open().task(scope).getEntry('step');
      expect(after).toMatchObject({ version: before?.version, writer: scope, value: 1, size: 1, offloaded: true });
      const raw = await internalsOf(bench.open()).metastore.values.read(
        { path: scopePath(scope) },
        [resultName('external_job_id')],
        {},
      );
      expect(JSON.stringify(raw)).toContain('result=external_job_id');
    });

    test('a value that ends is kept for the retention of the store from now, an asset for ever', async () => {
      await bench.open().task(TASK).set('k', 1, { retention: '1h' });
      await bench.open().asset({ name: 'a' }).set('k', 1, { retention: '1h' });
      await bench.advance(DAY);
      await lose();
      await recover(bench.open({ retention: '3d' }), { apply: true });

      const entry = await bench.open().task(TASK).getEntry('k');
      expect(Math.abs((entry?.expiresAt?.getTime() ?? 0) - bench.now() - 3 * DAY)).toBeLessThan(20_000);
      expect((await bench.open().asset({ name: 'a' }).getEntry('k'))?.expiresAt).toBeUndefined();
      await bench.advance(3 * DAY + HOUR);
      expect(await sweep(bench.open())).toMatchObject({ entries: 1, failed: [] });
    });

    test('takes the newest object of a key: by fence and sequence among attempts, by time among people, by time between the two', async () => {
      const store = bench.open();
      const second = await attemptHandle(store, TASK, 2);
      await second.set('fenced', 'by attempt 2, first');
      await second.set('fenced', 'by attempt 2, second');
      await second.set('between', 'by attempt 2');
      await bench.open().task(TASK).set('people', 'first');
      await bench.advance(MINUTE);
      await bench.open().task(TASK).set('people', 'second');
      await bench.open().task(TASK).set('between', 'by a person, later');
      // What a zombie has put and not committed: later, and of an older attempt.
      await bench.leave(TASK, 'fenced', { fence: orderedFence([1, 0]) });
      await lose();

      await recover(bench.open(), { apply: true });

      expect(await bench.open().task(TASK).getMany(['fenced', 'people', 'between'])).toEqual({
        fenced: 'by attempt 2, second',
        people: 'second',
        between: 'by a person, later',
      });
    });

    test('an attempt that goes on afterwards is refused, or not, as before', async () => {
      const store = bench.open();
      const old = await attemptHandle(store, TASK, 1);
      await old.set('k', 'by attempt 1');
      const next = await attemptHandle(store, TASK, 2);
      await next.set('k', 'by attempt 2');
      await lose();
      await recover(bench.open(), { apply: true });

      await expect(old.set('k', 'by a zombie')).rejects.toMatchObject({ code: 'mooring.stale-attempt' });
      await next.set('k', 'by attempt 2 again');
      expect(await bench.open().task(TASK).get('k')).toBe('by attempt 2 again');
    });

    test('leaves newer state unchanged', async () => {
      const store = bench.open();
      const state = store.task(TASK);
      await state.setMany({ kept: 'old', inline: 'old', gone: 'old', lost: 'old' });
      await lose();
      await state.setMany({ kept: 'new', gone: 'new' });
      await bench.open({ offloadThreshold: 65_536 }).task(TASK).set('inline', 'small');
      await state.delete('gone');

      expect(await recover(bench.open(), { apply: true })).toEqual({ entries: 1, skipped: 3, unreadable: 0 });

      expect(await bench.open().task(TASK).getMany(['kept', 'inline', 'gone', 'lost'])).toEqual({
        kept: 'new',
        inline: 'small',
        lost: 'old',
      });
      expect(await recover(bench.open(), { apply: true })).toEqual({ entries: 0, skipped: 4, unreadable: 0 });
    });

    test('what was deleted longer ago than a tombstone lives stays deleted while its object is listed', async () => {
      const state = bench.open().task(TASK);
      await state.set('k', 'deleted');
      await state.delete('k');
      await bench.advance(3 * HOUR);

      expect(await recover(bench.open(), { apply: true })).toEqual({ entries: 0, skipped: 1, unreadable: 0 });
      expect(await bench.open().task(TASK).get('k')).toBeUndefined();
    });

    test('I5 lets go of what a sweep deletes while it is brought back', async () => {
      await bench.open().task(TASK).setMany({ swept: 'old', written: 'old', kept: 'old' });
      await lose();
      const metastore = interceptMetastore(bench.rig.metastore(), async ({ method, args }, proceed) => {
        const { name } = (args[1] ?? {}) as { name?: string };
        if (method !== 'references.restore' || name === 'kept') return proceed();
        const objects = (await bench.objects()).filter((object) => object.includes(`/${name}/`));
        await bench.objectStore.delete(objects);
        const outcome = await proceed();
        if (name === 'written') await bench.open().task(TASK).set('written', 'new');
        return outcome;
      });

      expect(await recover(bench.open({ metastore }), { apply: true })).toMatchObject({ entries: 1, skipped: 2 });

      expect(await bench.open().task(TASK).getMany(['swept', 'written', 'kept'])).toEqual({ written: 'new', kept: 'old' });
    });

    test('an entry of a restored copy whose object is gone gets the newest one that is there', async () => {
      const state = bench.open().task(TASK);
      await state.setMany({ k: 'first', same: 'stays' });
      const restore = await bench.rig.backup();
      await bench.advance(HOUR);
      await bench.open().task(TASK).set('k', 'second');
      await bench.advance(DAY + HOUR);
      await sweep(bench.open());
      await restore();

      await expect(bench.open().task(TASK).get('k')).rejects.toMatchObject({ code: 'mooring.missing-object' });
      await expect(reconcile(bench.open(), { apply: true, maxShare: 1 })).rejects.toBeInstanceOf(StateLostError);

      expect(await recover(bench.open(), { apply: true })).toEqual({ entries: 1, skipped: 1, unreadable: 0 });

      expect(await bench.open().task(TASK).getMany(['k', 'same'])).toEqual({ k: 'second', same: 'stays' });
      expect(await reconcile(bench.open(), { apply: true })).toMatchObject({ objects: 0 });
    });

    test('changes nothing unless it is told to apply', async () => {
      const state = bench.open({ codec: 'gzip' }).task(TASK);
      await state.setMany({ a: LONG, b: 1 });
      await lose();
      const before = await bench.everything();
      const told: RecoveredEntry[] = [];
      const { logger, lines } = memoryLogger();

      const said = await recover(bench.open({ logger }), { onEntry: (entry) => told.push(entry) });

      expect(said).toEqual({ entries: 2, skipped: 0, unreadable: 0 });
      expect(await bench.everything()).toEqual(before);
      expect(told.toSorted((one, other) => (one.key < other.key ? -1 : 1))).toEqual([
        { path: scopePath(TASK), key: 'a', object: expect.stringContaining('/a/'), size: 5_002, writtenAt: expect.any(Date) },
        { path: scopePath(TASK), key: 'b', object: expect.stringContaining('/b/'), size: 1, writtenAt: expect.any(Date) },
      ]);
      expect(lines.filter(({ message }) => message === 'an entry would be brought back')).toHaveLength(2);
      expect(await recover(bench.open(), { apply: true })).toEqual(said);
      await expect(reconcile(bench.open())).resolves.toMatchObject({ objects: 0 });
    });

    test('I6 leaves an object that cannot be read, with the reason', async () => {
      const state = bench.open({ codec: 'gzip' }).task(TASK);
      await state.setMany({ well: LONG, damaged: LONG, json: 1 });
      await bench.open({ encryption }).task(TASK).setStream('locked', chunks(3, 900_000));
      await bench.open({ codec: own }).task(TASK).set('foreign', LONG);
      await bench.open({ codec: 'gzip' }).task(TASK).setStream('cut', chunks(3, 900_000));
      await lose();
      for (const object of await bench.objects()) {
        const bytes = (await bench.objectStore.get(object)) ?? new Uint8Array();
        if (/\/(damaged|cut|json)\//.test(object))
          await bench.objectStore.put(object, bytes.subarray(0, -7), { ifAbsent: false });
      }
      const { logger, lines } = memoryLogger();

      expect(await recover(bench.open({ logger }), { apply: true })).toEqual({ entries: 1, skipped: 5, unreadable: 5 });

      expect(await bench.open().task(TASK).get('well')).toBe(LONG);
      const why = lines.filter(({ level }) => level === 'warn').map(({ fields }) => (fields as { code: string }).code);
      expect(why.toSorted()).toEqual([
        ...Array(2).fill('mooring.codec-unavailable'),
        ...Array(3).fill('mooring.corrupt-entry'),
        undefined,
      ]);
    });

    test('I5 as long as an object cannot be read, reconcile does not trust that nothing refers to it', async () => {
      await bench.open().task(TASK).set('plain', 1);
      await bench.open({ encryption }).task(TASK).setMany({ secret: 1, damaged: 2 });
      await lose();
      await recover(bench.open(), { apply: true });
      await bench.advance(2 * DAY);
      await expect(reconcile(bench.open(), ALL)).rejects.toBeInstanceOf(StateLostError);
      const [damaged = ''] = (await bench.objects()).filter((object) => object.includes('/damaged/'));
      await bench.objectStore.put(damaged, Buffer.from('not what it was'), { ifAbsent: false });
      expect(await recover(bench.open({ encryption }), { apply: true })).toEqual({ entries: 1, skipped: 2, unreadable: 1 });
      await expect(reconcile(bench.open({ encryption }), ALL)).rejects.toBeInstanceOf(StateLostError);

      await bench.objectStore.delete([damaged]);
      expect(await recover(bench.open({ encryption }), { apply: true })).toEqual({ entries: 0, skipped: 2, unreadable: 0 });

      expect(await reconcile(bench.open({ encryption }), ALL)).toMatchObject({ objects: 0, failed: [] });
      expect(await bench.open({ encryption }).task(TASK).getMany(['plain', 'secret'])).toEqual({ plain: 1, secret: 1 });
    });

    test('I5 mends what reconcile refuses: generations that are damaged, or gone', async () => {
      await bench.open().task(TASK).set('k', 1);
      await bench.advance(2 * DAY);

      for (const harm of [
        () => bench.objectStore.put(generationKey(bench.namespace, 0), Buffer.from('{'), { ifAbsent: false }),
        async () => {
          const numbers = await generationsIn(bench.objectStore, bench.namespace);
          await bench.objectStore.delete(numbers.map((number) => generationKey(bench.namespace, number)));
        },
      ]) {
        await harm();
        await sweep(bench.open());

        await expect(reconcile(bench.open(), ALL)).rejects.toBeInstanceOf(StateLostError);

        expect(await recover(bench.open(), { apply: true })).toEqual({ entries: 0, skipped: 1, unreadable: 0 });

        expect(await reconcile(bench.open(), ALL)).toMatchObject({ objects: 0, failed: [] });
      }

      await bench.open().task(TASK).set('new', 2);
      expect(await reconcile(bench.open(), ALL)).toMatchObject({ objects: 0 });
    });

    test('I5 leaves the birth of this metastore in place of others', async () => {
      const former = bench.open({ objectStore: bench.otherObjectStore });
      await former.task(TASK).set('former', 1);
      const both = { formerObjectStores: [bench.otherObjectStore] };
      await bench.open(both).task(TASK).set('k', 1);
      const births = (store = bench.objectStore): Promise<string[]> => birthsIn(store, bench.namespace);
      const before = await births();
      expect(before).toHaveLength(1);
      expect(await births(bench.otherObjectStore)).toEqual(before);
      await lose();

      await recover(bench.open(both), { apply: true });

      const { bornAt, name } = await internalsOf(bench.open()).metastore.lineage.read({});
      expect(await births()).toEqual([`${bornAt}-${name}`]);
      expect(await births(bench.otherObjectStore)).toEqual([]);
      await bench.open(both).task(TASK).set('k', 2);
      expect(await births()).toEqual([`${bornAt}-${name}`]);
    });

    test('begins nothing where nothing is', async () => {
      expect(await recover(bench.open(), { apply: true })).toEqual({ entries: 0, skipped: 0, unreadable: 0 });

      expect(await generationsIn(bench.objectStore, bench.namespace)).toEqual([]);
    });

    test('C27 a bomb is not decoded beyond the largest value', async () => {
      await bench.open({ codec: 'gzip' }).task(TASK).set('k', 'x'.repeat(100_000));
      await lose();

      expect(await recover(bench.open({ maxValueBytes: 50_000 }), { apply: true })).toEqual({
        entries: 0,
        skipped: 1,
        unreadable: 1,
      });
      expect(await recover(bench.open(), { apply: true })).toEqual({ entries: 1, skipped: 0, unreadable: 0 });
    });

    test('takes the newest over all object stores', async () => {
      const former = bench.open({ objectStore: bench.otherObjectStore });
      await former.task(TASK).setMany({ moved: 'old', stayed: 'in the former store' });
      await bench.advance(MINUTE);
      const both = { formerObjectStores: [bench.otherObjectStore] };
      await bench.open(both).task(TASK).setMany({ moved: 'new', another: 'in the new store' });
      await lose();

      expect(await recover(bench.open(both), { apply: true })).toEqual({ entries: 3, skipped: 0, unreadable: 0 });

      expect(await bench.open(both).task(TASK).getMany(['moved', 'stayed', 'another'])).toEqual({
        moved: 'new',
        stayed: 'in the former store',
        another: 'in the new store',
      });
      const stray = await bench.leave(TASK, 'stray', { age: 2 * DAY, store: bench.otherObjectStore });
      await bench.advance(2 * DAY);
      await sweep(bench.open(both));
      // The old object of `moved` is one that nothing refers to: superseded, and its list lost.
      expect(await reconcile(bench.open(both), { apply: true, maxShare: 0.7 })).toMatchObject({ objects: 2 });
      expect(await bench.objects(bench.otherObjectStore)).not.toContain(stray);
      expect(await generationsIn(bench.otherObjectStore, bench.namespace)).toEqual([0]);
      await expect(
        reconcile(bench.open({ objectStore: bench.otherObjectStore }), { apply: true, maxShare: 1 }),
      ).rejects.toBeInstanceOf(StateLostError);
    });

    test('a recovery that did not come to its end is no reason to trust the metastore', async () => {
      await bench.open().task(TASK).setMany({ a: 1, b: 2 });
      await lose();
      const metastore = interceptMetastore(bench.rig.metastore(), ({ method, args }, proceed) =>
        method === 'references.restore' && (args[1] as { name: string }).name === 'b'
          ? Promise.reject(new Error('killed'))
          : proceed(),
      );
      await expect(recover(bench.open({ metastore }), { apply: true })).rejects.toThrow('killed');
      await bench.advance(2 * DAY);

      await expect(reconcile(bench.open(), { apply: true, maxShare: 1 })).rejects.toBeInstanceOf(StateLostError);
      expect(await recover(bench.open(), { apply: true })).toEqual({ entries: 1, skipped: 1, unreadable: 0 });
      expect(await reconcile(bench.open(), { apply: true })).toMatchObject({ objects: 0 });
    });

    test('goes on when it is run again after an object store could not be reached', async () => {
      await bench.open().task(TASK).setMany({ a: 1, b: 2 });
      await lose();
      const objectStore = interceptObjectStore(bench.objectStore, ({ method, args }, proceed) =>
        method === 'get' && String(args[0]).includes('/b/') ? Promise.reject(new Error('503')) : proceed(),
      );

      const failed = await recover(bench.open({ objectStore }), { apply: true }).catch((error: unknown) => error);

      expect(isMooringError(failed) && failed.code).toBe('mooring.store-unavailable');
      expect(await recover(bench.open(), { apply: true })).toEqual({ entries: 1, skipped: 1, unreadable: 0 });
    });

    test('a key whose text is lost is listed by its digest until it is written again', async () => {
      const key = 'd'.repeat(250);
      await bench.open().task(TASK).set(key, 1);
      await lose();
      await recover(bench.open(), { apply: true });
      const state = bench.open().task(TASK);

      expect((await collected(state.entries())).map((entry) => entry.key)).toEqual([keyName(key)]);
      await state.set(key, 2);
      expect((await collected(state.entries())).map((entry) => entry.key)).toEqual([key]);
    });

    test('stops when it is told to', async () => {
      await bench.open().task(TASK).setMany({ a: 1, b: 2 });
      await lose();
      const stop = new AbortController();
      const reason = new Error('enough');
      const metastore = interceptMetastore(bench.rig.metastore(), ({ method }, proceed) => {
        if (method === 'references.restore') stop.abort(reason);
        return proceed();
      });

      await expect(recover(bench.open({ metastore }), { apply: true, signal: stop.signal })).rejects.toBe(reason);
    });

    test('refuses, before any I/O, a store with former object stores only: it could never say that all is known again', async () => {
      const calls: string[] = [];
      const heard = interceptMetastore(bench.rig.metastore(), ({ method }, proceed) => {
        calls.push(method);
        return proceed();
      });
      const store = createStateStore({ metastore: heard, namespace: bench.namespace, formerObjectStores: [bench.objectStore] });

      const error = await recover(store, { apply: true }).catch((thrown: unknown) => thrown);

      expect(isMooringError(error) && error.code === 'mooring.config' && error.option).toBe('objectStore');
      expect((error as Error).message).toMatch(/recover needs the object store that is written to/);
      expect(calls).toEqual([]);
      await store.close();
    });

    test.each<[string, RecoverOptions, RegExp]>([
      ['apply', { apply: 'yes' as never }, /apply must be true or false, received "yes"/],
      ['onEntry', { onEntry: {} as never }, /onEntry must be a function/],
      ['dryRun', { dryRun: true } as never, /dryRun is not an option/],
    ])('C100 refuses a bad %s before any I/O', async (option, options, message) => {
      const error = await recover(bench.open(), options).catch((thrown: unknown) => thrown);

      expect(isMooringError(error) && error.code === 'mooring.config' && error.option).toBe(option);
      expect((error as Error).message).toMatch(message);
    });
  });
}
