import { expect, test } from '@jest/globals';
import { createKnownScopes } from '../../../../../src/metastore/redis/lua/known-scopes.ts';

/** What a connection remembers of scopes only saves round trips. */

test('a scope that needs all keys is known as such for good', () => {
  const scopes = createKnownScopes();
  const steps = [() => undefined, () => scopes.wrote('a/b'), () => scopes.needsAll('a/b'), () => scopes.wrote('a/b')];

  const known = steps.map((step) => {
    step();
    return scopes.mayNarrow('a/b');
  });

  expect(known).toEqual([false, true, false, false]);
  expect(scopes.mayNarrow('a/c')).toBe(false);
});

test('thousands of scopes are not all remembered', () => {
  const scopes = createKnownScopes();
  const paths = Array.from({ length: 5_000 }, (_, at) => `a/${at}`);

  for (const path of paths) scopes.wrote(path);

  expect(scopes.mayNarrow('a/4999')).toBe(true);
  expect(paths.filter((path) => scopes.mayNarrow(path)).length).toBeLessThanOrEqual(1_000);
});
