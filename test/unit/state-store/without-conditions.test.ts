import { describe, expect, it } from '@jest/globals';
import { sweep } from '../../../src/maintenance/sweep/sweep.ts';
import { reconcile } from '../../../src/maintenance/reconcile/reconcile.ts';
import { VersionConflictError } from '../../../src/model/errors/store.ts';
import { memoryMetastore, memoryObjectStore } from '../../../src/testing.ts';
import { crashesContract } from '../../contract/state-store-crashes.ts';
import { lifetimeContract } from '../../contract/state-store-lifetime.ts';
import { referencesContract } from '../../contract/state-store-references.ts';
import { valuesContract } from '../../contract/state-store-values.ts';
import { writesContract } from '../../contract/state-store-writes.ts';
import { attemptHandle, openOver, TASK, type Parts } from '../../contract/state-store-parts.ts';
import { withoutConditions } from '../../support/without-conditions.ts';

/** Nothing rests on a conditional write: on a server that ignores every condition no value is lost. */

const parts = (): Promise<Parts> =>
  Promise.resolve({
    metastore: memoryMetastore(),
    objectStore: withoutConditions(memoryObjectStore()),
    otherObjectStore: withoutConditions(memoryObjectStore({ alias: 'other' })),
    namespace: 'films',
  });

describe('the state store with objects on a server that ignores conditions', () => {
  valuesContract(parts);
  referencesContract(parts);
  writesContract(parts);
  lifetimeContract(parts);
  crashesContract(parts, { conditional: false });
});

describe('many writers of one key', () => {
  it('lose no increment', async () => {
    const shared = await parts();
    const WRITERS = 8;
    const TIMES = 10;
    // Each writer is a process of its own: all put their first objects at the same time.
    const increment = async (): Promise<void> => {
      const state = openOver(shared, { offloadThreshold: 0 }).task(TASK);
      for (let done = 0; done < TIMES;) {
        const entry = await state.getEntry('count');
        const next = { ifVersion: entry?.version ?? ('absent' as const) };
        try {
          await state.set('count', ((entry?.value as number | undefined) ?? 0) + 1, next);
          done += 1;
        } catch (error) {
          if (!(error instanceof VersionConflictError)) throw error;
        }
      }
    };

    await Promise.all(Array.from({ length: WRITERS }, increment));

    const store = openOver(shared, { offloadThreshold: 0 });
    await expect(store.task(TASK).get('count')).resolves.toBe(WRITERS * TIMES);
    await sweep(store);
    await reconcile(store, { apply: true });
    await expect(store.task(TASK).get('count')).resolves.toBe(WRITERS * TIMES);
  });

  it('keep the value of the newest attempt', async () => {
    const shared = await parts();
    const store = openOver(shared, { offloadThreshold: 0 });
    const first = await attemptHandle(store, TASK, 1);
    const second = await attemptHandle(store, TASK, 2);

    const outcomes = await Promise.allSettled([first.set('k', 'replaced'), second.set('k', 'kept'), first.set('k', 'late')]);

    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected']);
    await expect(store.task(TASK).get('k')).resolves.toBe('kept');
  });
});
