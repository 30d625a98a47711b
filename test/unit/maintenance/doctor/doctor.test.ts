import { describe, expect, test } from '@jest/globals';
import { isMooringError, StoreUnavailableError } from '../../../../src/model/errors/store.ts';
import { doctor } from '../../../../src/maintenance/doctor/doctor.ts';
import type { Finding } from '../../../../src/maintenance/doctor/finding.ts';
import { reconcile } from '../../../../src/maintenance/reconcile/reconcile.ts';
import { sweep } from '../../../../src/maintenance/sweep/sweep.ts';
import type { MetastoreFacts } from '../../../../src/metastore/metastore.ts';
import { memoryObjectStore } from '../../../../src/object-store/memory.ts';
import { GcsError } from '../../../../src/object-store/gcs/errors.ts';
import type { ObjectStore } from '../../../../src/object-store/object-store.ts';
import { S3Error } from '../../../../src/object-store/s3/errors.ts';
import { DAY, HOUR, MINUTE, TASK, useMaintenance } from '../../../contract/maintenance-parts.ts';
import { interceptMetastore, interceptObjectStore } from '../../../support/intercept.ts';
import { memoryRig } from '../../../support/memory-rig.ts';

const bench = useMaintenance(
  () => Promise.resolve(memoryRig()),
  () => Promise.resolve({ objectStore: memoryObjectStore(), otherObjectStore: memoryObjectStore({ alias: 'other' }) }),
);

const of = (findings: readonly Finding[], check: string): Finding[] => findings.filter((one) => one.check === check);
const bad = (findings: readonly Finding[]): Finding[] => findings.filter(({ level }) => level !== 'ok');

/** A metastore that says this of itself. */
function saying(facts: Partial<MetastoreFacts>) {
  const server = {
    product: 'Redis',
    version: '7.2.4',
    evictionPolicy: 'noeviction',
    persistence: { appendOnlyFile: true, snapshots: true, failing: false },
    replicas: 0,
  };
  return interceptMetastore(bench.rig.metastore(), ({ method }, proceed) =>
    method === 'facts' ? Promise.resolve({ servers: [server], now: bench.now(), ...facts }) : proceed(),
  );
}

describe('doctor', () => {
  test('finds nothing wrong where nothing is', async () => {
    await bench.open().task(TASK).set('k', 1);

    const findings = await doctor(bench.open({ metastore: saying({}) }));

    expect(bad(findings)).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual([
      'runtime',
      'metastore',
      'clock',
      'version',
      'eviction-policy',
      'persistence',
      'sweep',
      'object-store',
      'conditional-writes',
      'object-store-clock',
      'longest-name',
      'upload-in-parts',
      'listing-order',
      'delete-many',
      'generation',
      'lifecycle',
    ]);
  });

  test('leaves nothing behind', async () => {
    await bench.open().task(TASK).set('k', 1);
    const before = await bench.everything();

    await doctor(bench.open({ metastore: saying({}) }));

    expect(await bench.everything()).toEqual(before);
  });

  test('every finding that is not ok says what to do', async () => {
    const server = {
      product: 'Redis',
      version: '7.2.4',
      evictionPolicy: 'allkeys-lru',
      persistence: undefined,
      replicas: undefined,
    };
    const findings = await doctor(bench.open({ metastore: saying({ servers: [server], now: 0 }) }));

    expect(bad(findings).map(({ check, level }) => [check, level])).toEqual([
      ['clock', 'warning'],
      ['eviction-policy', 'error'],
    ]);
    for (const { remedy } of bad(findings)) expect(remedy).toMatch(/^[A-Z].*\.$/);
  });

  test.each<[string, object, Finding['level'], RegExp]>([
    ['off', { appendOnlyFile: false, snapshots: true, failing: false }, 'warning', /since the last snapshot is lost/],
    ['off', { appendOnlyFile: false, snapshots: undefined, failing: false }, 'warning', /since the last snapshot is lost/],
    ['none', { appendOnlyFile: false, snapshots: false, failing: false }, 'warning', /nothing is on disk/],
    ['failing', { appendOnlyFile: true, snapshots: true, failing: true }, 'error', /the last save .* failed/],
  ])('persistence that is %s', async (_what, persistence, level, message) => {
    const server = { product: 'Redis', version: '7.2.4', evictionPolicy: 'noeviction', persistence, replicas: 2 } as never;
    const findings = await doctor(bench.open({ metastore: saying({ servers: [server] }) }));

    expect(of(findings, 'persistence')).toEqual([expect.objectContaining({ level, message: expect.stringMatching(message) })]);
  });

  test('warns of a server that does not say what it is', async () => {
    const silent = {
      product: 'Redis',
      version: undefined,
      evictionPolicy: undefined,
      persistence: undefined,
      replicas: undefined,
    };

    expect(bad(await doctor(bench.open({ metastore: saying({ servers: [silent] }) })))).toEqual([
      expect.objectContaining({ level: 'warning', check: 'facts' }),
    ]);
  });

  test('warns of a metastore that keeps state in this process', async () => {
    expect(of(await doctor(bench.open()), 'persistence')).toEqual([
      expect.objectContaining({ level: 'warning', message: 'state is kept in this process and ends with it' }),
    ]);
  });

  test('a metastore that cannot be used ends the examination', async () => {
    const metastore = interceptMetastore(bench.rig.metastore(), ({ method }, proceed) =>
      method === 'ready' ? Promise.reject(new Error('connect ECONNREFUSED redis://user:hunter2@host')) : proceed(),
    );

    const findings = await doctor(bench.open({ metastore }));

    expect(findings.map(({ check, level }) => [check, level])).toEqual([
      ['runtime', 'ok'],
      ['metastore', 'error'],
    ]);
    expect(JSON.stringify(findings)).not.toContain('hunter2');
  });

  test('says of a full Redis how to make room', async () => {
    const full = new StoreUnavailableError('Redis refused the command: its memory is full (maxmemory) [OOM]', { store: 'redis' });
    const metastore = interceptMetastore(bench.rig.metastore(), ({ method }, proceed) =>
      method === 'ready' ? Promise.reject(full) : proceed(),
    );

    const [finding] = of(await doctor(bench.open({ metastore })), 'metastore');

    expect(finding).toMatchObject({
      level: 'error',
      remedy: expect.stringMatching(/^Raise maxmemory.*mooring sweep.*removeOnComplete/),
    });
  });

  test('what no sweep has removed for 6 days', async () => {
    const state = bench.open().task(TASK);
    await state.set('k', 'first');
    await state.set('k', 'second');
    await bench.advance(2 * DAY);
    expect(of(await doctor(bench.open()), 'sweep')).toEqual([
      { level: 'ok', check: 'sweep', message: 'something in 1 scope is due, for less than 6 days' },
    ]);
    await bench.advance(5 * DAY + HOUR);
    expect(of(await doctor(bench.open()), 'sweep')).toEqual([
      expect.objectContaining({
        level: 'warning',
        message: expect.stringContaining('in 1 scope has been due for more than 6 days'),
      }),
    ]);

    await sweep(bench.open());
    expect(of(await doctor(bench.open()), 'sweep')).toEqual([{ level: 'ok', check: 'sweep', message: 'nothing is due' }]);
  });

  test.each<[string, ReturnType<typeof failing>, RegExp]>([
    ['reading', failing('get'), /reading an object failed/],
    ['writing', failing('put'), /putting an object failed/],
    ['listing', failing('list'), /listing objects failed/],
    ['deleting', failing('delete'), /deleting an object failed/],
  ])('an object store without the right of %s', async (_what, broken, message) => {
    const findings = await doctor(bench.open({ metastore: saying({}), objectStore: broken(bench.objectStore) }));

    expect(of(findings, 'object-store')).toEqual([
      expect.objectContaining({
        level: 'error',
        message: expect.stringMatching(message),
        remedy: expect.stringContaining('rights'),
      }),
    ]);
    expect(JSON.stringify(findings)).not.toContain('AccessDenied');
  });

  test.each<[string, Error, RegExp]>([
    [
      'S3',
      new S3Error({ operation: 'PutObject', bucket: 'b', name: 'n' }, { code: 'SignatureDoesNotMatch', status: 403 }),
      /putting an object failed.*PutObject of s3:\/\/b\/n failed: SignatureDoesNotMatch \(HTTP 403\)/,
    ],
    [
      'Google Cloud Storage',
      new GcsError(
        { operation: 'objects.insert', bucket: 'b', name: 'n' },
        { code: 'forbidden', status: 403, message: undefined },
      ),
      /putting an object failed.*objects\.insert of gs:\/\/b\/n failed: forbidden \(HTTP 403\)/,
    ],
  ])('gives a remedy when %s refused', async (_where, refusal, message) => {
    const objectStore = interceptObjectStore(bench.objectStore, ({ method }, proceed) =>
      method === 'put' ? Promise.reject(refusal) : proceed(),
    );

    const findings = await doctor(bench.open({ metastore: saying({}), objectStore }));

    expect(of(findings, 'object-store')).toEqual([
      expect.objectContaining({ message: expect.stringMatching(message), remedy: expect.stringContaining('rights') }),
    ]);
  });

  describe('the rules of a bucket', () => {
    const lifecycle = async (rules: NonNullable<ObjectStore['rules']>): Promise<Finding[]> =>
      of(await doctor(bench.open({ metastore: saying({}), objectStore: { ...bench.objectStore, rules } })), 'lifecycle');

    test('that are printed by the command are well', async () => {
      const asked: string[] = [];
      const found = await lifecycle(async (prefix) => {
        asked.push(prefix);
        return { endsUploads: true, deleting: [`mooring ${bench.namespace}: expire f`] };
      });

      expect(asked).toEqual([`${bench.namespace}/`]);
      expect(found).toEqual([
        { level: 'ok', check: 'lifecycle', message: expect.stringContaining('a rule ends unfinished uploads') },
      ]);
    });

    test('that delete by age below the namespace are a warning with their names', async () => {
      const found = await lifecycle(async () => ({ endsUploads: false, deleting: ['tidy'] }));

      expect(found).toEqual([
        expect.objectContaining({ level: 'ok', message: expect.stringContaining('no rule ends unfinished uploads') }),
        expect.objectContaining({
          level: 'warning',
          message: expect.stringMatching(/deleted by age.*"tidy"/),
          remedy: expect.stringContaining('mooring lifecycle'),
        }),
      ]);
    });

    test('where uploads end by themselves are not asked to end them', async () => {
      const found = await lifecycle(async () => ({ deleting: [] }));

      expect(found).toEqual([
        { level: 'ok', check: 'lifecycle', message: expect.stringContaining('unfinished uploads end by themselves') },
      ]);
    });

    test('that this process may not see are no trouble', async () => {
      const request = { operation: 'GetBucketLifecycleConfiguration', bucket: 'b', name: '' };
      const found = await lifecycle(() => Promise.reject(new S3Error(request, { code: 'AccessDenied', status: 403 })));

      expect(found).toEqual([
        expect.objectContaining({
          level: 'ok',
          message: expect.stringMatching(/cannot be looked at.*s3:GetLifecycleConfiguration/),
        }),
      ]);
    });
  });

  test('a delete that is refused for that object alone', async () => {
    const objectStore = interceptObjectStore(bench.objectStore, ({ method, args }, proceed) =>
      method === 'delete' ? Promise.resolve([{ key: (args[0] as string[])[0], error: new Error('no') }]) : proceed(),
    );

    const findings = await doctor(bench.open({ metastore: saying({}), objectStore }));

    expect(of(findings, 'object-store')).toEqual([
      expect.objectContaining({ level: 'error', message: expect.stringContaining('deleting an object failed') }),
    ]);
  });

  test('an object store without conditional writes is a warning that needs no remedy', async () => {
    const objectStore: ObjectStore = {
      ...bench.objectStore,
      put: (key, body, options) => bench.objectStore.put(key, body, { ...options, ifAbsent: false }),
    };

    const findings = await doctor(bench.open({ metastore: saying({}), objectStore }));

    expect(bad(findings)).toEqual([
      expect.objectContaining({
        level: 'warning',
        check: 'conditional-writes',
        remedy: expect.stringMatching(/^Nothing has to be done/),
      }),
    ]);
  });

  test('an object store whose clock is wrong', async () => {
    const objectStore: ObjectStore = {
      ...bench.objectStore,
      async *list(prefix, options) {
        for await (const one of bench.objectStore.list(prefix, options))
          yield { ...one, modifiedAt: new Date(bench.now() - HOUR) };
      },
    };

    const findings = await doctor(bench.open({ metastore: saying({}), objectStore }));

    expect(bad(findings)).toEqual([
      expect.objectContaining({
        level: 'warning',
        check: 'object-store-clock',
        message: expect.stringContaining('3600 s behind'),
      }),
    ]);
  });

  test('a metastore that is not the one of the objects, or an older copy', async () => {
    await bench.open().task(TASK).set('k', 1);
    await bench.advance(MINUTE);
    await bench.rig.flush();

    const findings = await doctor(bench.open({ metastore: saying({}) }));

    expect(bad(findings)).toEqual([
      expect.objectContaining({ level: 'error', check: 'generation', remedy: expect.stringContaining('recover()') }),
    ]);
  });

  test('former object stores are only read', async () => {
    const calls: string[] = [];
    const former = interceptObjectStore(bench.otherObjectStore, ({ method }, proceed) => {
      calls.push(method);
      return proceed();
    });

    const findings = await doctor(bench.open({ metastore: saying({}), formerObjectStores: [former] }));

    expect(bad(findings)).toEqual([]);
    expect(of(findings, 'object-store')).toHaveLength(2);
    expect(new Set(calls)).toEqual(new Set(['get', 'list']));
  });

  test('a missing object store is no fault', async () => {
    const { metastore, namespace } = { metastore: saying({}), namespace: bench.namespace };
    const { createStateStore } = await import('../../../../src/state-store/create-state-store.ts');

    const findings = await doctor(
      createStateStore({ metastore, namespace, clock: { now: bench.now, sleep: async () => undefined } }),
    );

    expect(of(findings, 'object-store')).toEqual([expect.objectContaining({ level: 'ok' })]);
    expect(bad(findings)).toEqual([]);
  });

  test('the probe of a doctor that was killed is collected by reconcile', async () => {
    await bench.open().task(TASK).set('k', 1);
    const stop = new AbortController();
    const reason = new Error('killed');
    const objectStore = interceptObjectStore(bench.objectStore, ({ method }, proceed) => {
      if (method !== 'delete') return proceed();
      stop.abort(reason);
      return new Promise(() => undefined);
    });
    const examining = doctor(bench.open({ objectStore, commandTimeout: 500 }), { signal: stop.signal });
    await expect(examining).rejects.toBe(reason);
    expect(await bench.objects()).toHaveLength(2);
    await bench.advance(2 * DAY);

    expect(await reconcile(bench.open(), { apply: true, maxShare: 0.5 })).toMatchObject({ objects: 1 });
    expect(await bench.objects()).toHaveLength(1);
  });

  test('the probe of a doctor that was killed is never recovered', async () => {
    await bench.open().task(TASK).set('k', 1);
    const stop = new AbortController();
    const reason = new Error('killed');
    const objectStore = interceptObjectStore(bench.objectStore, ({ method }, proceed) => {
      if (method !== 'delete') return proceed();
      stop.abort(reason);
      return new Promise(() => undefined);
    });
    const examining = doctor(bench.open({ objectStore, commandTimeout: 500 }), { signal: stop.signal });

    await expect(examining).rejects.toBe(reason);

    const { recover } = await import('../../../../src/maintenance/recover/recover.ts');
    expect(await recover(bench.open())).toEqual({ entries: 0, skipped: 1, unreadable: 0 });
  });

  test('C100 throws for bad options', async () => {
    const error = await doctor(bench.open(), { deep: true } as never).catch((thrown: unknown) => thrown);

    expect(isMooringError(error) && error.code === 'mooring.config' && error.option).toBe('deep');
  });

  test('C100 throws for its signal', async () => {
    const reason = new Error('enough');
    await expect(doctor(bench.open(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

/** Stores in which one method is refused. */
function failing(method: string): (store: ObjectStore) => ObjectStore {
  return (store) =>
    interceptObjectStore(store, (call, proceed) => {
      if (call.method !== method) return proceed();
      if (method === 'list') throw new Error('AccessDenied');
      return Promise.reject(new Error('AccessDenied'));
    });
}
