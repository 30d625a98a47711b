import { describe, expect, test } from '@jest/globals';
import { isMooringError, StateLostError } from '../../src/model/errors/store.ts';
import { reconcile, type ReconcileOptions } from '../../src/maintenance/reconcile/reconcile.ts';
import { recover } from '../../src/maintenance/recover/recover.ts';
import { sweep } from '../../src/maintenance/sweep/sweep.ts';
import { memoryMetastore } from '../../src/metastore/memory/store.ts';
import { memoryObjectStore } from '../../src/object-store/memory.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import { generationKey } from '../../src/state-store/objects/lineage.ts';
import type { SweepReport } from '../../src/observe/events.ts';
import { interceptMetastore, interceptObjectStore } from '../support/intercept.ts';
import { DAY, generationsIn, HOUR, memoryLogger, MINUTE, nestedIn, TASK, type MaintenanceBench } from './maintenance-parts.ts';

const NOTHING: SweepReport = { entries: 0, objects: 0, bytes: 0, failed: [] };
const ALL: ReconcileOptions = { apply: true, maxShare: 1 };

/** What reconcile removes, and against which metastores it refuses to. */
export function reconcileTests(bench: MaintenanceBench): void {
  /** Some values that are there, older than the grace. */
  const stored = async (count = 20): Promise<void> => {
    const state = bench.open().task(TASK);
    for (let at = 0; at < count; at += 1) await state.set(`k${at}`, `value ${at}`);
    await bench.advance(DAY + HOUR);
  };

  describe('reconcile', () => {
    test('C64 I4 removes only what a crash left before its commit, once it is older than the grace', async () => {
      await stored();
      const kept = await bench.objects();
      await bench.leave(TASK, 'k1', { age: 2 * DAY, bytes: 7 });
      await bench.leave({ name: 'an asset' }, 'k', { age: 2 * DAY, bytes: 9 });
      const young = await bench.leave(TASK, 'k2', { age: DAY - MINUTE });

      expect(await reconcile(bench.open(), { apply: true })).toEqual({ ...NOTHING, objects: 2, bytes: 16 });

      expect(await bench.objects()).toEqual([...kept, young].sort());
      expect(await bench.open().task(TASK).get('k1')).toBe('value 1');
      expect(await reconcile(bench.open(), { apply: true })).toEqual(NOTHING);
    });

    test('C62 changes nothing unless it is told to apply', async () => {
      await stored();
      await bench.leave(TASK, 'k1', { age: 2 * DAY, bytes: 7 });
      const before = await bench.everything();

      const said = await reconcile(bench.open());

      expect(said).toEqual({ ...NOTHING, objects: 1, bytes: 7 });
      expect(await bench.everything()).toEqual(before);
      expect(await reconcile(bench.open(), { apply: true })).toEqual(said);
    });

    test('I5 leaves every object that the metastore names', async () => {
      const state = bench.open().task(TASK);
      const asset = bench.open().asset({ uri: 's3://there' });
      await state.set('k', 'first');
      await state.set('k', 'second');
      await state.set('brief', 'expired, and not swept', { retention: '1h' });
      await asset.set('k', 'of an asset');
      await state.set('gone', 'deleted');
      await state.delete('gone');
      await bench
        .open()
        .task({ ...TASK, task: 'cleared' })
        .set('k', 1);
      await bench
        .open()
        .task({ ...TASK, task: 'cleared' })
        .clear();
      await bench.advance(2 * DAY);
      const before = await bench.objects();

      expect(await reconcile(bench.open(), ALL)).toEqual(NOTHING);

      expect(await bench.objects()).toEqual(before);
      expect(before).toHaveLength(6);
    });

    test('removes what the metastore forgot because no sweep ran in time', async () => {
      await stored(9);
      const brief = bench.open().task({ ...TASK, task: 'brief' });
      await brief.set('k', 'ends', { retention: '1h' });
      await bench.advance(9 * DAY);

      expect(await sweep(bench.open())).toMatchObject({ objects: 0 });

      expect(await reconcile(bench.open(), { apply: true })).toMatchObject({ objects: 1 });

      expect(await bench.objects()).toHaveLength(9);
    });

    test('files that are none of ours are neither counted nor touched, nor are other namespaces', async () => {
      await stored();
      const strange = [
        `${bench.namespace}/films/1/t/-1/k/notes.txt`,
        `${bench.namespace}/backup/a/b/c`,
        `${bench.namespace}x/f/r/t/-1/k/o`,
      ];
      for (const key of strange) await bench.objectStore.put(key, new Uint8Array(3), { ifAbsent: true });
      await bench.open({ namespace: 'elsewhere' }).task(TASK).set('k', 1);
      await bench.advance(2 * DAY);
      const before = await bench.objects();

      expect(await reconcile(bench.open(), { apply: true, maxShare: 0 })).toEqual(NOTHING);

      expect(await bench.objects()).toEqual(before);
    });

    test.each(['catalogue', '42', '-1'])(
      'I5 nor is the asset %s of a store whose prefix is below the namespace',
      async (name) => {
        await stored();
        const below = bench.open({
          namespace: 'default',
          objectStore: nestedIn(bench.objectStore, `${bench.namespace}/billing/`),
        });
        await below.asset({ name }).set('k', 'of another application');
        const mine = { flow: 'billing', run: 'other', task: 'assets' };
        await bench.open().task(mine).set('k', 'kept');
        const stray = await bench.leave(mine, 'k', { age: 2 * DAY });
        await bench.advance(2 * DAY);
        const before = await bench.objects();

        expect(await reconcile(bench.open(), ALL)).toMatchObject({ objects: 1, failed: [] });

        expect(await bench.objects()).toEqual(before.filter((object) => object !== stray));
        expect(await below.asset({ name }).get('k')).toBe('of another application');
        expect(await recover(bench.open())).toMatchObject({ entries: 0 });
      },
    );

    describe('I5 refuses to delete', () => {
      /** Refused with and without `apply`, and every object is there afterwards. */
      const refuses = async (changes: Parameters<MaintenanceBench['open']>[0], why: RegExp): Promise<void> => {
        const before = await bench.objects();
        for (const apply of [false, true]) {
          const refused = await reconcile(bench.open(changes), { apply, maxShare: 1 }).catch((error: unknown) => error);
          expect(refused).toBeInstanceOf(StateLostError);
          expect(refused).toMatchObject({ code: 'mooring.state-lost', retryable: false });
          expect((refused as Error).message).toMatch(why);
          expect((refused as Error).message).toMatch(/nothing was deleted: restore the metastore, or run recover\(\)/);
        }
        expect(await bench.objects()).toEqual(before);
      };

      test('against a metastore that was emptied', async () => {
        await stored();
        await bench.rig.flush();

        await refuses({}, /a shard of the metastore has no birth/);
      });

      test('against one that was emptied before a new process wrote to it', async () => {
        await stored();
        await bench.rig.flush();
        const state = bench.open().task({ ...TASK, task: 'new' });
        await state.set('k', 'new');
        await bench.advance(2 * DAY);
        await sweep(bench.open());

        await refuses({}, /the metastore began at .*, and the objects are of one that began at/);

        expect(await state.get('k')).toBe('new');
      });

      test('against another metastore, be it younger or older', async () => {
        const other = bench.namespace;
        const older = bench.open({ namespace: 'other', objectStore: bench.otherObjectStore });
        await older.task(TASK).set('k', 'of another system');
        await bench.advance(MINUTE);
        await stored();
        await bench.advance(MINUTE);
        await bench.open({ namespace: 'younger', objectStore: bench.otherObjectStore }).task(TASK).set('k', 'of a third');
        await bench.advance(DAY);
        for (const namespace of ['other', 'younger']) {
          // The other's Redis, with this system's objects.
          const objectStore = renamed(bench.objectStore, namespace, other);
          await refuses({ namespace, objectStore }, /the metastore began at/);
        }
      });

      test('against one that was restored from before the last raise', async () => {
        await stored();
        const restore = await bench.rig.backup();
        await bench.open().task(TASK).set('after', 'the backup');
        await sweep(bench.open());
        await bench.advance(2 * DAY);
        await restore();

        await refuses({}, /the metastore is at generation 0, and the object store at 1: it was restored from an older copy/);
      });

      test('against either of two metastores that write under one namespace of one bucket', async () => {
        await stored();
        await bench.advance(MINUTE);
        const other = memoryMetastore();
        await bench.open({ metastore: other }).task(TASK).set('other', 'of the younger one');
        await bench.advance(2 * DAY);
        const two = /: Redis lost its state, or two metastores write under one namespace of one bucket/;

        await refuses({}, new RegExp(`objects were also put by a metastore that began at .*${two.source}`));
        await refuses({ metastore: other }, two);
        expect(await bench.open({ metastore: other }).task(TASK).get('other')).toBe('of the younger one');

        await recover(bench.open(), { apply: true });
        expect(await reconcile(bench.open(), ALL)).toEqual(NOTHING);
        await bench.open({ metastore: other }).task(TASK).set('again', 'of the younger one');
        await refuses({}, two);
      });

      test.each([
        ['one after the other', 1_000],
        ['in the same millisecond', 0],
      ])('against either of two that were born %s and put their first objects at the same time', async (_when, apart) => {
        let at = bench.now();
        const clock = { now: () => at, sleep: () => Promise.resolve() };
        const meet = meeting(2);
        // Both have seen that there is no generation before either makes one.
        const objectStore = interceptObjectStore(bench.objectStore, ({ method, args }, proceed) =>
          method === 'put' && args[0] === generationKey(bench.namespace, 0) ? meet().then(proceed) : proceed(),
        );
        const two = [memoryMetastore(), memoryMetastore()].map((metastore) => ({ metastore, objectStore, clock }));
        for (const one of two) {
          await bench
            .open({ ...one, offloadThreshold: 1_000 })
            .task(TASK)
            .set('inline', 1);
          at += apart;
        }
        await Promise.all(two.map((one, n) => bench.open(one).task(TASK).set('k', `of ${n}`)));
        at += 2 * DAY;

        for (const one of two) await refuses(one, /two metastores write under one namespace of one bucket/);
        const [one, other] = two;
        await recover(bench.open(one), { apply: true });
        expect(await reconcile(bench.open(one), { maxShare: 1 })).toMatchObject({ failed: [] });
        await refuses(other, /two metastores write under one namespace of one bucket/);
        expect(await Promise.all(two.map((each) => bench.open(each).task(TASK).get('k')))).toEqual(['of 0', 'of 1']);
      });

      test('where objects are there and no generation, which the first writer makes', async () => {
        await stored();
        await bench.objectStore.delete([generationKey(bench.namespace, 0)]);

        await refuses({}, /the object store holds objects and no generation/);
      });

      test('where the newest generation is damaged', async () => {
        await stored();
        await bench.objectStore.put(generationKey(bench.namespace, 0), Buffer.from('{"generation":'), { ifAbsent: false });

        await refuses({}, /the generation 0 of the object store is damaged/);
      });

      test('where the object store is an older copy', async () => {
        await stored();
        for (let day = 0; day < 3; day += 1) {
          await bench.advance(DAY);
          await sweep(bench.open());
        }
        await bench.objectStore.delete([2, 3].map((number) => generationKey(bench.namespace, number)));

        await refuses({}, /the object store is at generation 0, and the metastore at 3/);
        await sweep(bench.open());

        expect(await reconcile(bench.open(), { apply: true })).toEqual(NOTHING);
      });
    });

    test('I5 the metastore may be one ahead: whoever raised it died in between', async () => {
      await stored();
      const objectStore = interceptObjectStore(bench.objectStore, ({ method }, proceed) =>
        method === 'put' ? Promise.reject(new Error('killed')) : proceed(),
      );
      await bench.advance(DAY);
      await sweep(bench.open({ objectStore }));
      expect(await generationsIn(bench.objectStore, bench.namespace)).toEqual([0]);
      await bench.leave(TASK, 'k1', { age: 2 * DAY });

      expect(await reconcile(bench.open(), { apply: true })).toMatchObject({ objects: 1 });
      expect(await generationsIn(bench.objectStore, bench.namespace)).toEqual([0, 1]);
    });

    test('I5 a metastore that is lost while the bucket is listed is noticed before anything is deleted', async () => {
      await stored();
      const before = await bench.objects();
      const objectStore = interceptObjectStore(bench.objectStore, ({ method, args }, proceed) => {
        if (method !== 'list' || args[0] !== `${bench.namespace}/`) return proceed();
        const listed = proceed() as ReturnType<ObjectStore['list']>;
        return (async function* () {
          yield* listed;
          await bench.rig.flush();
        })();
      });

      const restore = await bench.rig.backup();
      for (const options of [{}, ALL]) {
        await expect(reconcile(bench.open({ objectStore }), options)).rejects.toBeInstanceOf(StateLostError);
        expect(await bench.objects()).toEqual(before);
        await restore();
      }
    });

    test('I5 one that is restored between two batches is noticed before the second', async () => {
      await stored(1);
      const restore = await bench.rig.backup();
      for (let at = 0; at < 700; at += 1) await bench.leave(TASK, 'k', { age: 2 * DAY });
      let deletes = 0;
      const objectStore: ObjectStore = {
        ...bench.objectStore,
        async delete(keys) {
          deletes += 1;
          await bench.objectStore.delete(keys);
          await restore();
          return [];
        },
      };

      await expect(reconcile(bench.open({ objectStore }), ALL)).rejects.toBeInstanceOf(StateLostError);

      expect(deletes).toBe(1);
      expect(await bench.objects()).toHaveLength(201);
    });

    test('I5 what recover() found a use for after the listing stays', async () => {
      await stored();
      const object = await bench.leave({ ...TASK, task: 'lost' }, 'k', { age: 2 * DAY });
      let asked = 0;
      const metastore = interceptMetastore(bench.rig.metastore(), ({ method, args }, proceed) => {
        const [{ path }] = args as [{ path: string }];
        if (method !== 'references.held' || !path.includes('/lost/')) return proceed();
        asked += 1;
        // By each of the two listings; then before the batch.
        if (asked < 3) return proceed();
        return recover(bench.open(), { apply: true }).then(proceed);
      });

      expect(await reconcile(bench.open({ metastore }), ALL)).toEqual(NOTHING);

      expect(await bench.objects()).toContain(object);
      expect(
        await bench
          .open()
          .task({ ...TASK, task: 'lost' })
          .get('k'),
      ).toEqual(new Uint8Array(5));
    });

    test('I5 nor what it finds a use for while the generation is read again', async () => {
      await stored();
      const object = await bench.leave({ ...TASK, task: 'lost' }, 'k', { age: 2 * DAY });
      let looks = 0;
      const readAndRecover = async (proceed: () => unknown): Promise<unknown> => {
        looks += 1;
        const lineage = await proceed();
        // At the start, after the listing, before the batch.
        if (looks === 3) await recover(bench.open(), { apply: true });
        return lineage;
      };
      const metastore = interceptMetastore(bench.rig.metastore(), ({ method }, proceed) =>
        method === 'lineage.read' ? readAndRecover(proceed) : proceed(),
      );

      expect(await reconcile(bench.open({ metastore }), ALL)).toEqual(NOTHING);

      expect(looks).toBe(3);
      expect(await bench.objects()).toContain(object);
    });

    test('I5 writes that commit while it runs lose nothing', async () => {
      const state = bench.open().task(TASK);
      await stored();
      let release = (): void => undefined;
      const put = new Promise<void>((resolve) => (release = resolve));
      const slow: ObjectStore = {
        ...bench.objectStore,
        async put(key, body, options) {
          const made = await bench.objectStore.put(key, body, options);
          if (key.includes('/slow/')) await put;
          return made;
        },
      };
      const writing = bench.open({ objectStore: slow }).task(TASK).set('slow', 'is put, and not committed yet');
      const objectStore = interceptObjectStore(bench.objectStore, ({ method, args }, proceed) => {
        if (method !== 'list' || args[0] !== `${bench.namespace}/`) return proceed();
        const listed = proceed() as ReturnType<ObjectStore['list']>;
        return (async function* () {
          for await (const one of listed) {
            if (one.key.includes('/k3/')) await state.set('k3', 'overwritten meanwhile');
            yield one;
          }
          release();
          await writing;
        })();
      });

      expect(await reconcile(bench.open({ objectStore }), ALL)).toEqual(NOTHING);

      expect(await state.getMany(['slow', 'k3'])).toEqual({ slow: 'is put, and not committed yet', k3: 'overwritten meanwhile' });
      expect(await bench.objects()).toHaveLength(22);
    });

    test('refuses to delete more than its share of the objects', async () => {
      await stored(11);
      for (let at = 0; at < 11; at += 1) await bench.leave(TASK, 'k1', { age: 2 * DAY });
      const before = await bench.objects();
      const { logger, lines } = memoryLogger();

      expect(await reconcile(bench.open({ logger }))).toMatchObject({ objects: 11 });
      expect(lines).toEqual([
        expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ listed: 22, unreferenced: 11 }) }),
      ]);
      const refused = await reconcile(bench.open(), { apply: true }).catch((error: unknown) => error);

      expect(isMooringError(refused) && refused.code === 'mooring.config' && refused.option).toBe('maxShare');
      expect((refused as Error).message).toMatch(/maxShare must be at least 0.5 to delete 11 of the 22 objects/);
      expect(await bench.objects()).toEqual(before);
      expect(await reconcile(bench.open(), { apply: true, maxShare: 0.5 })).toMatchObject({ objects: 11 });
    });

    test('I5 never removes more than it counted before the first delete, whatever becomes of references meanwhile', async () => {
      await stored();
      for (const key of ['k1', 'k2']) await bench.leave(TASK, key, { age: 2 * DAY });
      let looks = 0;
      const noneHeld = async (proceed: () => unknown): Promise<boolean[]> => ((await proceed()) as boolean[]).map(() => false);
      const metastore = interceptMetastore(bench.rig.metastore(), ({ method }, proceed) => {
        if (method === 'lineage.read') looks += 1;
        // At the start, and after the references; as where Redis evicts.
        return method === 'references.held' && looks > 1 ? noneHeld(proceed) : proceed();
      });

      expect(await reconcile(bench.open({ metastore }), { apply: true })).toMatchObject({ objects: 2 });

      expect(await bench.objects()).toHaveLength(20);
    });

    test('names no more than 1,000 of those that could not be deleted', async () => {
      const store = memoryObjectStore();
      await bench.open({ objectStore: store }).task(TASK).set('k', 1);
      await bench.advance(DAY + HOUR);
      for (let at = 0; at < 1_200; at += 1) await bench.leave(TASK, 'k', { age: 2 * DAY, store });
      const objectStore = interceptObjectStore(store, ({ method }, proceed) =>
        method === 'delete' ? Promise.reject(new Error('AccessDenied')) : proceed(),
      );
      const { logger, lines } = memoryLogger();

      const { failed, objects } = await reconcile(bench.open({ objectStore, logger }), ALL);

      expect([objects, failed.length]).toEqual([0, 1_000]);
      expect(lines).toHaveLength(1_000);
    });

    test('a few objects may go whatever their share: one orphan in a small store stops no clean-up', async () => {
      await stored(1);
      for (let at = 0; at < 10; at += 1) await bench.leave(TASK, 'k1', { age: 2 * DAY });
      const { logger, lines } = memoryLogger();

      expect(await reconcile(bench.open({ logger }))).toMatchObject({ objects: 10 });
      expect(lines).toEqual([]);
      expect(await reconcile(bench.open(), { apply: true })).toMatchObject({ objects: 10 });
      expect(await bench.objects()).toHaveLength(1);
    });

    test('C61 reports what cannot be deleted', async () => {
      await stored();
      const stays = await bench.leave(TASK, 'k1', { age: 2 * DAY });
      await bench.leave(TASK, 'k2', { age: 2 * DAY });
      const objectStore: ObjectStore = {
        ...bench.objectStore,
        async delete(keys) {
          await bench.objectStore.delete(keys.filter((key) => key !== stays));
          return keys.includes(stays) ? [{ key: stays, error: new Error('AccessDenied') }] : [];
        },
      };

      expect(await reconcile(bench.open({ objectStore }), { apply: true })).toMatchObject({
        objects: 1,
        failed: [{ path: stays, code: 'mooring.store-unavailable' }],
      });
      expect(await bench.objects()).toContain(stays);
    });

    test('ends uploads that were never finished, whatever its share', async () => {
      await stored(1);
      const asked: { before: Date; prefix: string; remove: boolean }[] = [];
      const objectStore: ObjectStore = {
        ...bench.objectStore,
        async *unfinished(before, { prefix, remove }) {
          asked.push({ before, prefix, remove });
          yield { key: `${prefix}f/r/t/-1/k/one` };
          yield { key: `${prefix}f/r/t/-1/k/two` };
        },
      };

      expect(await reconcile(bench.open({ objectStore }))).toEqual({ ...NOTHING, objects: 2 });
      expect(await reconcile(bench.open({ objectStore }), { apply: true, grace: '2h' })).toEqual({ ...NOTHING, objects: 2 });

      expect(asked.map(({ remove, prefix }) => [remove, prefix])).toEqual([
        [false, `${bench.namespace}/`],
        [true, `${bench.namespace}/`],
      ]);
      expect(Math.abs(bench.now() - 2 * HOUR - (asked[1]?.before.getTime() ?? 0))).toBeLessThan(5_000);
    });

    test('reports that it may not look for such uploads', async () => {
      await stored();
      await bench.leave(TASK, 'k1', { age: 2 * DAY });
      const objectStore: ObjectStore = {
        ...bench.objectStore,
        unfinished: () => {
          throw new Error('AccessDenied');
        },
      };

      expect(await reconcile(bench.open({ objectStore }), { apply: true })).toMatchObject({
        objects: 1,
        failed: [{ path: `${bench.namespace}/`, code: 'mooring.store-unavailable' }],
      });
    });

    test('former object stores are reconciled as well, also after a move', async () => {
      const former = bench.open({ objectStore: bench.otherObjectStore });
      const state = former.task(TASK);
      for (let at = 0; at < 9; at += 1) await state.set(`k${at}`, 'in the former store');
      for (let day = 0; day < 4; day += 1) {
        await bench.advance(DAY);
        await sweep(bench.open({ objectStore: bench.otherObjectStore }));
      }
      const moved = { formerObjectStores: [bench.otherObjectStore] };
      await bench.open(moved).task(TASK).set('new', 'in the new store');
      const stray = await bench.leave(TASK, 'k1', { age: 2 * DAY, store: bench.otherObjectStore });
      await bench.advance(2 * DAY);
      await sweep(bench.open(moved));
      const puts: string[] = [];
      const readOnly = interceptObjectStore(bench.otherObjectStore, (call, proceed) => {
        if (call.method === 'put') puts.push(String(call.args[0]));
        return proceed();
      });

      expect(await reconcile(bench.open({ formerObjectStores: [readOnly] }), { apply: true })).toMatchObject({
        objects: 1,
        failed: [],
      });

      expect(puts).toEqual([]);
      expect(await bench.objects(bench.otherObjectStore)).not.toContain(stray);
      expect(await bench.objects(bench.otherObjectStore)).toHaveLength(9);
      expect(await bench.open(moved).task(TASK).getMany(['k1', 'new'])).toEqual({
        k1: 'in the former store',
        new: 'in the new store',
      });
    });

    test('stops when it is told to', async () => {
      await stored();
      const reason = new Error('enough');
      const stop = new AbortController();
      const metastore = interceptMetastore(bench.rig.metastore(), ({ method }, proceed) => {
        if (method === 'references.held') stop.abort(reason);
        return proceed();
      });
      await bench.leave(TASK, 'k1', { age: 2 * DAY });
      const before = await bench.objects();

      await expect(reconcile(bench.open({ metastore }), { apply: true, signal: stop.signal })).rejects.toBe(reason);

      expect(await bench.objects()).toEqual(before);
    });

    test('says how far it is while it lists, before anything is removed', async () => {
      await bench.open().task(TASK).setMany({ a: 1, b: 2 });
      await bench.leave(TASK, 'a', { age: 2 * DAY });
      const heard: { listed: number; objects: number }[] = [];
      const beforeRemoving: number[] = [];
      const objectStore = interceptObjectStore(bench.objectStore, ({ method, args }, proceed) => {
        if (method === 'delete' && !String(args[0]).includes('generation=')) beforeRemoving.push(heard.length);
        return proceed();
      });

      await reconcile(bench.open({ objectStore }), {
        apply: true,
        maxShare: 1,
        onProgress: ({ listed, objects }) => heard.push({ listed, objects }),
      });

      expect(heard).toEqual([
        { listed: 3, objects: 0 },
        { listed: 3, objects: 1 },
      ]);
      expect(beforeRemoving).toEqual([1]);
    });

    test.each<[string, ReconcileOptions, RegExp]>([
      [
        'grace',
        { grace: '119m' },
        /grace must be at least '2h', twice the time that a write may take, .* differ, received "119m"/,
      ],
      ['maxShare', { maxShare: 10 }, /maxShare must be a number from 0 to 1, received 10/],
      ['maxShare', { maxShare: Number.NaN }, /maxShare must be a number from 0 to 1/],
      ['apply', { apply: 1 as never }, /apply must be true or false/],
      ['force', { force: true } as never, /force is not an option/],
    ])('C100 refuses a bad %s before any I/O', async (option, options, message) => {
      const metastore = interceptMetastore(bench.rig.metastore(), ({ method }) => {
        throw new Error(`called ${method}`);
      });
      const error = await reconcile(bench.open({ metastore }), options).catch((thrown: unknown) => thrown);

      expect(isMooringError(error) && error.code === 'mooring.config' && error.option).toBe(option);
      expect((error as Error).message).toMatch(message);
    });
  });
}

/** Resolves for all who come once so many have. */
function meeting(count: number): () => Promise<void> {
  let open = (): void => undefined;
  const all = new Promise<void>((resolve) => (open = resolve));
  let came = 0;
  return () => {
    came += 1;
    if (came === count) open();
    return all;
  };
}

/** A store that shows the objects of one namespace as those of another: as if two systems had used the same name. */
function renamed(store: ObjectStore, shown: string, real: string): ObjectStore {
  const inside = (key: string): string => real + key.slice(shown.length);
  return {
    ...store,
    put: (key, body, options) => store.put(inside(key), body, options),
    get: (key, options) => store.get(inside(key), options),
    delete: (keys, options) => store.delete(keys.map(inside), options),
    async *list(prefix, options) {
      for await (const one of store.list(inside(prefix), options)) yield { ...one, key: shown + one.key.slice(real.length) };
    },
  };
}
