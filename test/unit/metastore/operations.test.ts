import { expect, test } from '@jest/globals';
import { systemClock } from '../../../src/async/clock.ts';
import { memoryData } from '../../../src/metastore/memory/scope.ts';
import { openMemory } from '../../../src/metastore/memory/store.ts';
import { wrapOperations, type OperationName } from '../../../src/metastore/operations.ts';

/** What is put around the operations of a metastore. */

const SCOPE = { path: 'flow/run/task/-1' };

test('an operation is named as it is called', async () => {
  const called: OperationName[] = [];
  const metastore = wrapOperations(openMemory(memoryData(), { clock: systemClock }), (operation, name) => (...given) => {
    called.push(name);
    return operation(...given);
  });

  const lineage = await metastore.lineage.read({});
  const values = await metastore.values.read(SCOPE, ['k'], {});

  expect({ lineage: lineage.bornAt, values, name: metastore.name }).toEqual({
    lineage: undefined,
    values: [undefined],
    name: 'memory',
  });
  expect(called).toEqual(['lineage.read', 'values.read']);
});

test('what is around an operation decides whether it happens', async () => {
  const inner = openMemory(memoryData(), { clock: systemClock });
  const metastore = wrapOperations(inner, (operation, name) => (name === 'lineage.raise' ? async () => undefined : operation));

  await metastore.lineage.raise(5, {});
  expect(await metastore.lineage.read({})).toMatchObject({ generation: { highest: 0 } });

  await inner.lineage.raise(5, {});
  expect(await metastore.lineage.read({})).toMatchObject({ generation: { highest: 5 } });
});
