import { describe, expect, it } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { bounded, systemTimer } from '../../../src/async/deadline.ts';
import { sideBySide } from '../../../src/async/shared-signal.ts';

const never = (): Promise<never> => new Promise(() => undefined);

describe('side by side', () => {
  it('many waits share one listener of the signal, which goes with them', async () => {
    const warnings: string[] = [];
    const warn = (warning: Error): void => void warnings.push(warning.name);
    process.on('warning', warn);
    const controller = new AbortController();
    const reason = new Error('enough');
    const waits = sideBySide({ signal: controller.signal }, (call) =>
      Promise.allSettled(Array.from({ length: 256 }, () => bounded(systemTimer, 60_000, call.signal, never))),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    controller.abort(reason);
    const ended = await waits;
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', warn);

    expect(new Set(ended.map((one) => one.status === 'fulfilled' && one.value.ended === 'aborted' && one.value.reason))).toEqual(
      new Set([reason]),
    );
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    expect(warnings).toEqual([]);
  });
});
