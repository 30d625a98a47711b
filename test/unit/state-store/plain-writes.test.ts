import { expect, test } from '@jest/globals';
import { withCoreParts } from '../../../src/job/protocol/crash-point.ts';
import type { StateHandle } from '../../../src/state-store/state-handle.ts';
import { memoryStateStore } from '../../../src/testing.ts';
import { personHandle, TASK } from '../../contract/state-store-parts.ts';

/** Plain writes and writes that compare, of one handle, at the same time. */

/** A handle whose first write stops before its commit until it may go on. */
function held() {
  let goOn = (): void => undefined;
  let isReached = (): void => undefined;
  const reached = new Promise<void>((resolve) => (isReached = resolve));
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  let first = true;
  const writePoint = async (point: string): Promise<void> => {
    if (point !== 'before-commit' || !first) return;
    first = false;
    isReached();
    await gate;
  };
  const store = withCoreParts(memoryStateStore(), { writePoint });
  return { state: personHandle(store, TASK) as StateHandle<{ k: number }>, reached, goOn };
}

/** Whatever is ready to run has run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test.each([
  ['update', (state: ReturnType<typeof held>['state']) => state.update('k', (k = 0) => k + 10), 11],
  ['getOrSet', (state: ReturnType<typeof held>['state']) => state.getOrSet('k', async () => 10), 1],
] as const)('%s does not overtake a set that it did not see', async (_name, compare, expected) => {
  const { state, reached, goOn } = held();
  const set = state.set('k', 1);
  await reached;

  const compared = compare(state);
  await settled();
  goOn();

  expect(await compared).toBe(expected);
  await set;
  expect(await state.get('k')).toBe(expected);
});

test('a write that compares ends with its signal while it waits', async () => {
  const { state, reached, goOn } = held();
  const set = state.set('k', 1);
  await reached;
  const stop = new AbortController();

  const compared = state.update('k', () => 10, { signal: stop.signal });
  await settled();
  stop.abort(new Error('not wanted'));

  await expect(compared).rejects.toThrow('not wanted');
  goOn();
  await set;
  expect(await state.get('k')).toBe(1);
});

test('a plain write overtakes a plain write', async () => {
  const { state, reached, goOn } = held();
  const first = state.set('k', 1);
  await reached;

  await state.set('k', 2);
  goOn();
  await first;

  expect(await state.get('k')).toBe(2);
});
