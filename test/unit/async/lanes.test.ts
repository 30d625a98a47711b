import { describe, expect, it } from '@jest/globals';
import { inLanes } from '../../../src/async/lanes.ts';

const LETTERS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('lanes', () => {
  it('take every item once, so many at a time, with its place', async () => {
    const seen: [string, number][] = [];
    let [now, most] = [0, 0];
    await inLanes(3, LETTERS, {}, async (item, _call, index) => {
      most = Math.max(most, (now += 1));
      await pause();
      seen.push([item, index]);
      now -= 1;
    });

    expect(most).toBe(3);
    expect(seen.toSorted(([, a], [, b]) => a - b)).toEqual(LETTERS.map((item, index) => [item, index]));
  });

  it('begin nothing after a failure, and end what was begun', async () => {
    const [begun, ended]: [string[], string[]] = [[], []];
    const work = inLanes(2, LETTERS, {}, async (item) => {
      begun.push(item);
      if (item === 'b') throw new Error('b failed');
      await pause();
      ended.push(item);
    });

    await expect(work).rejects.toThrow('b failed');
    expect([begun, ended]).toEqual([['a', 'b'], ['a']]);
  });

  it("put one listener on the caller's signal, however many there are, and take it away", async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const listeners = new Set<unknown>();
    let most = 0;
    const watched = {
      get aborted() {
        return signal.aborted;
      },
      addEventListener: (_type: string, listener: () => void) => (most = Math.max(most, listeners.add(listener).size)),
      removeEventListener: (_type: string, listener: () => void) => listeners.delete(listener),
    } as unknown as AbortSignal;
    await inLanes(16, Array.from({ length: 16 }), { signal: watched }, async (_item, call) => {
      call.signal.addEventListener('abort', () => undefined);
      await pause();
    });

    expect([most, listeners.size]).toEqual([1, 0]);
  });

  it('end with the reason of the signal, also of one that has aborted before', async () => {
    const late = AbortSignal.abort(new Error('too late'));
    const controller = new AbortController();
    const work = (call: { signal: AbortSignal }): Promise<never> =>
      new Promise((_resolve, reject) => {
        const abort = (): void => reject(call.signal.reason as Error);
        if (call.signal.aborted) abort();
        call.signal.addEventListener('abort', abort);
      });

    await expect(inLanes(2, ['a', 'b', 'c'], { signal: late }, (_item, call) => work(call))).rejects.toThrow('too late');
    const hanging = expect(inLanes(2, ['a', 'b', 'c'], controller, (_item, call) => work(call))).rejects.toThrow('enough');
    controller.abort(new Error('enough'));
    await hanging;
  });
});
