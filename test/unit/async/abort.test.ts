import { describe, expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { joined } from '../../../src/async/abort.ts';

describe('two signals joined', () => {
  it.each([0, 1])('abort with the reason of the one that aborts first: %d', (first) => {
    const controllers = [new AbortController(), new AbortController()] as const;
    const { signal, leave } = joined(controllers[0].signal, controllers[1].signal);

    controllers[first]?.abort('enough');
    expect([signal.aborted, signal.reason]).toEqual([true, 'enough']);
    leave();
    for (const controller of controllers) expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('are aborted at once where one of them is', () => {
    expect(joined(new AbortController().signal, AbortSignal.abort('why')).signal.reason).toBe('why');
  });

  it('may be of different implementations', () => {
    const shape: { aborted: boolean; reason: unknown } = { aborted: false, reason: undefined };
    const foreign = Object.assign(new EventTarget(), shape);
    const { signal } = joined(new AbortController().signal, foreign as unknown as AbortSignal);

    Object.assign(foreign, { aborted: true, reason: 'from afar' }).dispatchEvent(new Event('abort'));

    expect(signal.reason).toBe('from afar');
  });
});
