import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { bounded, systemTimer, type Timer } from '../../../src/async/deadline.ts';

/** A timer in the hands of the test. */
function handTimer(): { timer: Timer; fire(): void; running(): number } {
  const running = new Set<() => void>();
  return {
    timer: (_ms, fire) => {
      running.add(fire);
      return () => running.delete(fire);
    },
    fire: () => {
      for (const each of running) each();
    },
    running: () => running.size,
  };
}

const never = (): Promise<never> => new Promise(() => undefined);

/** Runs the call, and checks that whatever happened left neither a timer nor a listener. */
async function clean<T>(act: (parts: { timer: Timer; fire(): void; controller: AbortController }) => Promise<T>): Promise<T> {
  const { timer, fire, running } = handTimer();
  const controller = new AbortController();
  try {
    return await act({ timer, fire, controller });
  } finally {
    expect(running()).toBe(0);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  }
}

describe('a bounded call', () => {
  it('ends with the value of its work', async () => {
    const outcome = await clean(({ timer, controller }) => bounded(timer, 9, controller.signal, () => Promise.resolve(7)));

    expect(outcome).toEqual({ ended: 'value', value: 7 });
  });

  it('rejects as its work rejects, also where that throws at once', async () => {
    const failing = (work: () => Promise<never>): Promise<unknown> =>
      clean(({ timer, controller }) => bounded(timer, 9, controller.signal, work));

    await expect(failing(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    await expect(
      failing(() => {
        throw new Error('broken at once');
      }),
    ).rejects.toThrow('broken at once');
  });

  it('ends at its deadline', async () => {
    const outcome = await clean(({ timer, fire, controller }) =>
      bounded(timer, 9, controller.signal, () => {
        setImmediate(fire);
        return never();
      }),
    );

    expect(outcome).toEqual({ ended: 'deadline' });
  });

  it('tells the work that the deadline has passed', async () => {
    let given: AbortSignal | undefined;

    await clean(({ timer, fire, controller }) =>
      bounded(timer, 9, controller.signal, (signal) => {
        given = signal;
        setImmediate(fire);
        return never();
      }),
    );

    expect(given?.reason).toMatchObject({ name: 'TimeoutError' });
  });

  it('ends when the caller aborts', async () => {
    const reason = new Error('enough');

    const outcome = await clean(({ timer, controller }) =>
      bounded(timer, 9, controller.signal, () => {
        setImmediate(() => controller.abort(reason));
        return never();
      }),
    );

    expect(outcome).toEqual({ ended: 'aborted', reason });
  });

  it('hands the reason of the caller to the work', async () => {
    let given: AbortSignal | undefined;
    const reason = new Error('enough');

    await clean(({ timer, controller }) =>
      bounded(timer, 9, controller.signal, (signal) => {
        given = signal;
        setImmediate(() => controller.abort(reason));
        return never();
      }),
    );

    expect(given?.reason).toBe(reason);
  });

  it('does not begin for a caller that has aborted', async () => {
    let began = false;
    const work = (): Promise<void> => {
      began = true;
      return Promise.resolve();
    };

    await expect(bounded(systemTimer, 9, AbortSignal.abort('why'), work)).resolves.toEqual({ ended: 'aborted', reason: 'why' });
    expect(began).toBe(false);
  });

  it('settles once: what its work does after the deadline is heard by nobody', async () => {
    const { timer, fire } = handTimer();
    let late: (error: Error) => void = () => undefined;
    const call = bounded(timer, 9, undefined, () => {
      setImmediate(fire);
      return new Promise((_resolve, reject) => {
        late = reject;
      });
    });

    await expect(call).resolves.toEqual({ ended: 'deadline' });
    late(new Error('late'));
    // An unhandled rejection would fail this test.
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('keeps to real time', async () => {
    const start = performance.now();

    await expect(bounded(systemTimer, 20, undefined, never)).resolves.toEqual({ ended: 'deadline' });
    expect(performance.now() - start).toBeGreaterThan(15);
  });
});

describe("the system's timer", () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('fires when it should where that is longer than a timer of Node can wait', () => {
    jest.useFakeTimers();
    const day = 86_400_000;
    let fired = false;
    systemTimer(60 * day, () => {
      fired = true;
    });

    jest.advanceTimersByTime(60 * day - 1);
    expect(fired).toBe(false);
    jest.advanceTimersByTime(1);
    expect(fired).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('can be stopped, however often it was wound up again', () => {
    jest.useFakeTimers();
    const stop = systemTimer(100 * 86_400_000, () => undefined);
    jest.advanceTimersByTime(70 * 86_400_000);

    stop();

    expect(jest.getTimerCount()).toBe(0);
  });
});
