import { describe, expect, test } from '@jest/globals';
import { isMooringError } from '../../src/model/errors/store.ts';
import type { StateEvent } from '../../src/observe/events.ts';
import { reconcile } from '../../src/maintenance/reconcile/reconcile.ts';
import { recover } from '../../src/maintenance/recover/recover.ts';
import { sweep, type SweepOptions } from '../../src/maintenance/sweep/sweep.ts';
import { memoryMetastore } from '../../src/metastore/memory/store.ts';
import { memoryObjectStore } from '../../src/object-store/memory.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import { keyName, scopePath } from '../../src/format/path.ts';
import type { StateStore } from '../../src/state-store/state-store.ts';
import type { SweepReport } from '../../src/observe/events.ts';
import { interceptMetastore, interceptObjectStore } from '../support/intercept.ts';
import { DAY, generationsIn, HOUR, memoryLogger, MINUTE, TASK, type MaintenanceBench } from './maintenance-parts.ts';

const NOTHING: SweepReport = { entries: 0, objects: 0, bytes: 0, failed: [] };

/** What a sweep removes, in which order, and what it leaves. */
export function sweepTests(bench: MaintenanceBench): void {
  const values = (count: number, length = 20): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, `${at}`.padEnd(length, '.')]));

  describe('sweep', () => {
    test('C34 C48 C61 C66 I4 removes what was overwritten or deleted', async () => {
      const state = bench.open().task(TASK);
      await state.setMany({
        small: 'is overwritten by a small one',
        codec: 'is overwritten under gzip',
        gone: 'is deleted',
        kept: 1,
      });
      await bench.open({ offloadThreshold: 65_536 }).task(TASK).set('small', 1);
      await bench.open({ codec: 'gzip' }).task(TASK).set('codec', 'x'.repeat(5_000));
      await state.delete('gone');
      const before = await bench.objects();
      await bench.advance(DAY + MINUTE);

      const report = await sweep(bench.open());

      expect(report).toEqual({ entries: 0, objects: 3, bytes: 31 + 27 + 12, failed: [] });
      const left = before.filter((object) => object.includes('/kept/') || object.endsWith('.json.gz'));
      expect(await bench.objects()).toEqual(left);
      expect(await state.getMany(['small', 'codec', 'kept', 'gone'])).toEqual({ small: 1, codec: 'x'.repeat(5_000), kept: 1 });
      expect(await sweep(bench.open())).toEqual(NOTHING);
    });

    test('C61 I8 removes entries that expired at once, their objects a grace later', async () => {
      const state = bench.open().task(TASK);
      const asset = bench.open().asset({ name: 'a' });
      await state.set('brief', 'ends soon', { retention: '1h' });
      await state.set('long', 'stays', { retention: '40d' });
      await asset.set('k', 'stays for ever');
      await bench.advance(HOUR + MINUTE);

      expect(await sweep(bench.open())).toEqual({ ...NOTHING, entries: 1 });
      expect(await bench.objects()).toHaveLength(3);
      await bench.advance(DAY);

      expect(await sweep(bench.open())).toEqual({ ...NOTHING, objects: 1, bytes: 11 });
      expect(await bench.objects()).toHaveLength(2);
      expect(await state.getMany(['brief', 'long'])).toEqual({ long: 'stays' });
      await bench.advance(20 * DAY);
      expect(await sweep(bench.open())).toEqual(NOTHING);
      expect(await asset.get('k')).toBe('stays for ever');
    });

    test('C70 C71 removes the objects of what was cleared, under any codec', async () => {
      await bench.open().task(TASK).set('raw', 'none');
      await bench.open({ codec: 'gzip' }).task(TASK).set('gzip', 'x'.repeat(5_000));
      await bench.open({ codec: 'brotli' }).task(TASK).set('brotli', 'x'.repeat(5_000));
      await bench
        .open()
        .task({ ...TASK, task: 'other' })
        .set('k', 'stays');
      await bench.open().task(TASK).clear();
      await bench.advance(DAY + MINUTE);

      expect((await sweep(bench.open())).objects).toBe(3);

      expect(await bench.objects()).toEqual([expect.stringContaining('/other/')]);
    });

    test('I5 leaves what was superseded within the grace: readers may still be on their way', async () => {
      const state = bench.open().task(TASK);
      await state.set('k', 'first');
      await state.set('k', 'second');
      await bench.advance(DAY - MINUTE);

      expect(await sweep(bench.open())).toEqual(NOTHING);
      expect(await bench.objects()).toHaveLength(2);

      expect(await sweep(bench.open(), { grace: '12h' })).toMatchObject({ objects: 1, failed: [] });
      expect(await state.get('k')).toBe('second');
    });

    test('a longer grace keeps it longer', async () => {
      const state = bench.open().task(TASK);
      await state.set('k', 'first');
      await state.set('k', 'second');
      await bench.advance(2 * DAY);
      expect(await sweep(bench.open(), { grace: '3d' })).toEqual(NOTHING);
      await bench.advance(DAY + MINUTE);

      expect(await sweep(bench.open(), { grace: '3d' })).toMatchObject({ objects: 1 });
    });

    test('C62 a dry run only says what a sweep would do', async () => {
      const state = bench.open().task(TASK);
      await state.setMany(values(10));
      await state.set('brief', 'ends', { retention: '1h' });
      await state.setMany(values(10, 30));
      await bench.open().asset({ name: 'a' }).set('k', 'ends too', { retention: '1h' });
      await bench.advance(DAY + MINUTE);
      const before = await bench.everything();
      const events: StateEvent[] = [];

      const said = await sweep(bench.open({ onEvent: (event) => events.push(event) }), { dryRun: true });

      expect(await bench.everything()).toEqual(before);
      expect(events).toEqual([]);
      expect(said).toEqual({ entries: 2, objects: 10, bytes: 220, failed: [] });
      expect(await sweep(bench.open())).toEqual(said);
    });

    test('C60 C69 works in batches: so many fields for each script and objects for each request, over all scopes', async () => {
      const store = bench.open();
      const scopes = Array.from({ length: 9 }, (_, at) => ({ ...TASK, mapIndex: at }));
      for (const scope of scopes) {
        await store.task(scope).setMany(values(30));
        await store.task(scope).clear();
      }
      await bench.advance(DAY + MINUTE);
      const counts: number[] = [];
      const requests: number[] = [];
      const metastore = interceptMetastore(bench.rig.metastore(), ({ method, args }, proceed) => {
        if (method === 'sweep.page') counts.push((args[1] as { count: number }).count);
        return proceed();
      });
      const objectStore = interceptObjectStore(bench.objectStore, ({ method, args }, proceed) => {
        if (method === 'delete') requests.push((args[0] as string[]).length);
        return proceed();
      });
      const progress: SweepReport[] = [];

      const report = await sweep(bench.open({ metastore, objectStore }), {
        batch: 50,
        onProgress: (soFar) => progress.push(soFar),
      });

      expect(report).toEqual({ entries: 0, objects: 270, bytes: 270 * 22, failed: [] });
      expect(new Set(counts)).toEqual(new Set([50]));
      expect(Math.max(...requests)).toBe(50);
      expect(requests.length).toBeLessThanOrEqual(8);
      expect(progress.at(-1)).toEqual(report);
      expect(await bench.objects()).toEqual([]);
    });

    test('C69 what a store refuses of 2,500 cleared values goes the next time', async () => {
      // Thousands of objects in memory: it is the metastore that has to list them all.
      const objects = memoryObjectStore();
      const store = bench.open({ objectStore: objects });
      for (let at = 0; at < 5; at += 1) await store.task({ ...TASK, mapIndex: at }).setMany(values(500));
      await store.task({ ...TASK, mapIndex: 0 }).clear({ allItems: true });
      await bench.advance(DAY + MINUTE);
      let refusing = true;
      const objectStore: ObjectStore = {
        ...objects,
        async delete(keys) {
          const refused = keys.filter((key) => refusing && key.endsWith('7.json'));
          await objects.delete(keys.filter((key) => !refused.includes(key)));
          return refused.map((key) => ({ key, error: new Error('AccessDenied') }));
        },
      };

      const first = await sweep(bench.open({ objectStore }));

      const stayed = await bench.objects(objects);
      expect(stayed.length).toBeGreaterThan(0);
      expect(first.objects + stayed.length).toBe(2_500);
      expect(new Set(first.failed.map(({ code }) => code))).toEqual(new Set(['mooring.store-unavailable']));
      expect(first.failed.length).toBeLessThanOrEqual(5);
      refusing = false;
      expect(await sweep(bench.open({ objectStore }))).toMatchObject({ objects: stayed.length, failed: [] });
      expect(await bench.objects(objects)).toEqual([]);
      expect(await sweep(bench.open({ objectStore }))).toEqual(NOTHING);
    });

    test('C61 a store that cannot be reached costs no other scope its sweep', async () => {
      const store = bench.open({ formerObjectStores: [bench.otherObjectStore] });
      const elsewhere = bench.open({ objectStore: bench.otherObjectStore });
      await elsewhere.task(TASK).set('k', 'in the other store');
      await store.task({ ...TASK, task: 'here' }).set('k', 'in this store');
      await store.task(TASK).clear();
      await store.task({ ...TASK, task: 'here' }).clear();
      await bench.advance(DAY + MINUTE);
      const down = interceptObjectStore(bench.otherObjectStore, ({ method }, proceed) => {
        if (method === 'delete') throw new Error('connect ECONNREFUSED');
        return proceed();
      });
      const { logger, lines } = memoryLogger();

      const report = await sweep(bench.open({ formerObjectStores: [down], logger }));

      expect(report).toMatchObject({ objects: 1, failed: [{ path: scopePath(TASK), code: 'mooring.store-unavailable' }] });
      expect(lines.map(({ message }) => message)).toContain('could not be cleaned up; the next sweep tries again');
      expect(await sweep(bench.open({ formerObjectStores: [bench.otherObjectStore] }))).toMatchObject({ objects: 1, failed: [] });
    });

    test('an object of a store that is not registered keeps its place, until it is', async () => {
      const elsewhere = bench.open({ objectStore: bench.otherObjectStore });
      await elsewhere.task(TASK).set('k', 'in the other store');
      await elsewhere.task(TASK).delete('k');
      await bench.advance(DAY + MINUTE);
      const failed = [{ path: scopePath(TASK), code: 'mooring.unknown-location' }];

      expect(await sweep(bench.open())).toEqual({ ...NOTHING, failed });
      await bench.advance(DAY);
      expect(await sweep(bench.open())).toEqual({ ...NOTHING, failed });
      expect(await bench.objects(bench.otherObjectStore)).toHaveLength(1);

      expect(await sweep(bench.open({ formerObjectStores: [bench.otherObjectStore] }))).toMatchObject({ objects: 1, failed: [] });
      expect(await bench.objects(bench.otherObjectStore)).toEqual([]);
    });

    test('I4 an object goes first and its place on the list after: a crash between the two is mended by the next sweep', async () => {
      const state = bench.open().task(TASK);
      await state.set('k', 'first');
      await state.set('k', 'second');
      await bench.advance(DAY + MINUTE);
      const order: string[] = [];
      const dies = interceptMetastore(bench.rig.metastore(), ({ method }, proceed) => {
        if (method === 'sweep.forget') order.push('forget');
        return method === 'sweep.forget' ? Promise.reject(new Error('killed')) : proceed();
      });
      const objectStore = interceptObjectStore(bench.objectStore, ({ method, args }, proceed) => {
        if (method === 'delete' && !String(args[0]).includes('generation=')) order.push('delete');
        return proceed();
      });

      expect(await sweep(bench.open({ metastore: dies, objectStore }))).toMatchObject({
        objects: 1,
        failed: [{ path: scopePath(TASK) }],
      });

      expect(order).toEqual(['delete', 'forget']);
      expect(await bench.objects()).toHaveLength(1);
      expect(await sweep(bench.open())).toMatchObject({ objects: 1, failed: [] });
      expect(await sweep(bench.open())).toEqual(NOTHING);
      expect(await state.get('k')).toBe('second');
    });

    test('I4 a sweep that dies before it deletes loses no place on the list', async () => {
      const state = bench.open().task(TASK);
      await state.set('k', 'first');
      await state.set('k', 'second');
      await bench.advance(DAY + MINUTE);
      const stop = new AbortController();
      const objectStore = interceptObjectStore(bench.objectStore, ({ method }, proceed) => {
        if (method !== 'delete') return proceed();
        stop.abort(new Error('killed'));
        return new Promise(() => undefined);
      });
      const dying = sweep(bench.open({ objectStore }), { signal: stop.signal, onProgress: () => undefined });

      await expect(dying).rejects.toThrow('killed');

      expect(await sweep(bench.open())).toMatchObject({ objects: 1, failed: [] });
      expect(await bench.objects()).toHaveLength(1);
    });

    test('two sweeps at once remove each thing once', async () => {
      const store = bench.open();
      for (let at = 0; at < 20; at += 1) {
        const state = store.task({ ...TASK, mapIndex: at });
        await state.setMany(values(5));
        await state.setMany({ k0: 'new', k1: 'new' });
      }
      await bench.advance(DAY + MINUTE);

      const reports = await Promise.all([sweep(bench.open()), sweep(bench.open()), sweep(bench.open(), { batch: 3 })]);

      expect(reports.flatMap(({ failed }) => failed)).toEqual([]);
      expect(await bench.objects()).toHaveLength(100);
      for (let at = 0; at < 20; at += 1) expect(await store.task({ ...TASK, mapIndex: at }).get('k0')).toBe('new');
      expect(await sweep(bench.open())).toEqual(NOTHING);
    });

    test('what becomes due while a scope is swept is found by the next sweep', async () => {
      const state = bench.open().task(TASK);
      await state.set('k', 'first');
      await state.set('k', 'second');
      await bench.advance(DAY + MINUTE);
      const metastore = interceptMetastore(bench.rig.metastore(), ({ method }, proceed) => {
        if (method !== 'sweep.end') return proceed();
        return bench.open().task(TASK).set('k', 'third').then(proceed);
      });
      await sweep(bench.open({ metastore }));
      expect(await bench.objects()).toHaveLength(2);
      await bench.advance(DAY + MINUTE);

      expect(await sweep(bench.open())).toMatchObject({ objects: 1 });
      expect(await bench.objects()).toHaveLength(1);
    });

    test('a scope that cannot be swept keeps no other from being swept', async () => {
      for (const task of ['sick', 'well']) {
        await bench
          .open()
          .task({ ...TASK, task })
          .set('k', 'first');
        await bench
          .open()
          .task({ ...TASK, task })
          .clear();
      }
      await bench.advance(DAY + MINUTE);
      const metastore = interceptMetastore(bench.rig.metastore(), ({ method, args }, proceed) => {
        const [{ path }] = args as [{ path: string }];
        return method === 'sweep.page' && path.includes('sick') ? Promise.reject(new Error('WRONGTYPE')) : proceed();
      });

      const report = await sweep(bench.open({ metastore }));

      expect(report).toMatchObject({
        objects: 1,
        failed: [{ path: scopePath({ ...TASK, task: 'sick' }), code: 'mooring.store-unavailable' }],
      });
      expect(await sweep(bench.open())).toMatchObject({ objects: 1, failed: [] });
    });

    test('stops when it is told to, between batches and within a call', async () => {
      const objectStore = memoryObjectStore();
      const open = (): StateStore => bench.open({ objectStore });
      const store = open();
      for (let at = 0; at < 200; at += 1) {
        const state = store.task({ ...TASK, mapIndex: at });
        await state.set('k', 1);
        await state.delete('k');
      }
      await bench.advance(DAY + MINUTE);
      const between = new AbortController();
      const reason = new Error('enough');

      await expect(sweep(open(), { signal: between.signal, onProgress: () => between.abort(reason) })).rejects.toBe(reason);
      const left = (await bench.objects(objectStore)).length;
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThan(200);

      const within = new AbortController();
      const metastore = interceptMetastore(bench.rig.metastore(), ({ method }, proceed) => {
        if (method !== 'sweep.page') return proceed();
        within.abort(reason);
        return Promise.reject(reason);
      });
      await expect(sweep(bench.open({ metastore, objectStore }), { signal: within.signal })).rejects.toBe(reason);
      await expect(sweep(open(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect(await sweep(open())).toMatchObject({ objects: left, failed: [] });
    });

    test('tells what it removed, as an event', async () => {
      const state = bench.open().task(TASK);
      await state.set('k', 'first');
      await state.set('k', 'second');
      await bench.advance(DAY + MINUTE);
      const events: StateEvent[] = [];

      const report = await sweep(bench.open({ onEvent: (event) => events.push(event) }));

      expect(events).toEqual([{ type: 'sweep', report }]);
    });

    test('I5 raises the generation at least once in a grace, the metastore first', async () => {
      await sweep(bench.open());
      expect(await generationsIn(bench.objectStore, bench.namespace)).toEqual([]);
      await bench.open().task(TASK).set('k', 1);
      await sweep(bench.open());
      expect(await generationsIn(bench.objectStore, bench.namespace)).toEqual([0]);
      const order: string[] = [];
      const metastore = interceptMetastore(bench.rig.metastore(), ({ method }, proceed) => {
        if (method === 'lineage.raise') order.push('metastore');
        return proceed();
      });
      const objectStore = interceptObjectStore(bench.objectStore, ({ method, args }, proceed) => {
        if (method === 'put' && /0{12}1\.json$/.test(String(args[0]))) order.push('object store');
        return proceed();
      });
      await bench.advance(DAY);
      await sweep(bench.open({ metastore, objectStore }));
      expect(order).toEqual(['metastore', 'object store']);
      await sweep(bench.open());
      for (let day = 0; day < 4; day += 1) {
        await bench.advance(DAY);
        await sweep(bench.open());
      }

      expect(await generationsIn(bench.objectStore, bench.namespace)).toEqual([0, 4, 5]);
    });

    test('I5 raises no generation of a metastore that lost its state', async () => {
      const store = bench.open();
      await store.task(TASK).set('k', 'lost');
      await bench.advance(MINUTE);
      await bench.rig.flush();
      const state = bench.open().task({ ...TASK, task: 'new' });
      await state.set('k', 'first');
      await state.set('k', 'second');
      await bench.advance(DAY + MINUTE);
      const { logger, lines } = memoryLogger();

      const report = await sweep(bench.open({ logger }));

      expect(report.objects).toBe(1);
      expect(await generationsIn(bench.objectStore, bench.namespace)).toEqual([0]);
      expect(lines).toEqual([
        expect.objectContaining({ level: 'warn', message: 'state was lost: restore Redis, or run recover()' }),
      ]);
    });

    test('I5 puts the birth of its metastore again: no rule of the bucket takes it for old', async () => {
      const other = memoryMetastore();
      await bench.open().task(TASK).set('k', 1);
      await bench.open({ metastore: other }).task(TASK).set('other', 2);
      const put: string[] = [];
      const objectStore = interceptObjectStore(bench.objectStore, ({ method, args }, proceed) => {
        if (method === 'put') put.push(String(args[0]));
        return proceed();
      });
      const births = async (): Promise<string[]> => {
        put.length = 0;
        await sweep(bench.open({ objectStore }));
        await sweep(bench.open({ objectStore, metastore: other }));
        return put.filter((key) => key.includes('/born-'));
      };

      expect(new Set(await births()).size).toBe(2);
      // The objects are of one alone again, and the other one leaves nothing before it puts an object.
      await recover(bench.open(), { apply: true });
      await bench.advance(DAY);
      expect(await births()).toHaveLength(1);
    });

    test('an object store that cannot be reached is among what failed, though nothing is to be removed there', async () => {
      const store = bench.open();
      await store.task(TASK).set('k', 1);
      const refuse = (): never => {
        throw new Error('ECONNREFUSED');
      };
      const objectStore: ObjectStore = {
        ...bench.objectStore,
        put: async () => refuse(),
        get: async () => refuse(),
        delete: async () => refuse(),
        list: refuse,
      };

      expect(await sweep(bench.open({ objectStore }))).toEqual({
        ...NOTHING,
        failed: [{ path: `${bench.namespace}/`, code: 'mooring.store-unavailable' }],
      });
    });

    test('an object that is listed stays when an entry refers to it again', async () => {
      const state = bench.open().task(TASK);
      await state.set('k', 'first');
      const [object] = await bench.objects();
      const field = `e:${keyName('k')}`;
      const text = (await bench.rig.stored(bench.namespace, scopePath(TASK))).get(field);
      await state.set('k', 'second');
      await bench.rig.tamper(bench.namespace, scopePath(TASK), field, text);
      await bench.advance(DAY + MINUTE);

      await sweep(bench.open());

      expect(await bench.objects()).toContain(object);
      expect(await state.get('k')).toBe('first');
    });

    test('a sweep every day leaves nothing for reconcile, also of scopes that ended after success', async () => {
      for (let day = 0; day < 5; day += 1) {
        const state = bench.open().task({ ...TASK, run: `${day}` });
        await state.set('k', 'first', { retention: '2d' });
        await state.set('k', 'second', { retention: '2d' });
        await sweep(bench.open());
        await bench.advance(DAY);
      }
      for (let day = 0; day < 5; day += 1) {
        await sweep(bench.open());
        await bench.advance(DAY);
      }

      expect(await bench.objects()).toEqual([]);
      expect(await reconcile(bench.open(), { apply: true })).toEqual(NOTHING);
    });

    test.each<[string, SweepOptions, RegExp]>([
      ['grace', { grace: '59m' }, /grace must be at least '1h'.*received "59m"/],
      ['grace', { grace: 0 }, /grace must be a length of time above 0/],
      ['batch', { batch: 0 }, /batch must be a whole number from 1 to 1000, received 0/],
      ['batch', { batch: 1.5 }, /batch must be a whole number/],
      ['dryRun', { dryRun: 'yes' as never }, /dryRun must be true or false/],
      ['onProgress', { onProgress: 1 as never }, /onProgress must be a function/],
      ['signal', { signal: {} as never }, /signal must be an AbortSignal/],
      ['dryrun', { dryrun: true } as never, /dryrun is not an option/],
    ])('C100 refuses a bad %s before any I/O', async (option, options, message) => {
      const metastore = interceptMetastore(bench.rig.metastore(), ({ method }) => {
        throw new Error(`called ${method}`);
      });
      const error = await sweep(bench.open({ metastore }), options).catch((thrown: unknown) => thrown);

      expect(isMooringError(error) && error.code === 'mooring.config' && error.option).toBe(option);
      expect((error as Error).message).toMatch(message);
    });
  });
}
