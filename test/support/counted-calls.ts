import type { StateHandle } from '../../src/state-store/state-handle.ts';

/** Handles that count their calls as they end, whatever becomes of them. */
export function countedCalls(calls: number): { handle(state: StateHandle): StateHandle; enough: Promise<void> } {
  const left = { set: calls, get: calls };
  let done = (): void => undefined;
  const enough = new Promise<void>((resolve) => {
    done = resolve;
  });
  const ended = (kind: 'set' | 'get'): void => {
    left[kind] -= 1;
    if (left.set <= 0 && left.get <= 0) done();
  };
  return {
    enough,
    handle: (state) =>
      Object.assign(Object.create(state) as StateHandle, {
        set: (...args: Parameters<StateHandle['set']>) => state.set(...args).finally(() => ended('set')),
        get: (...args: Parameters<StateHandle['get']>) => state.get(...args).finally(() => ended('get')),
      }),
  };
}
