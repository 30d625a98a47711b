import type { Clock } from '../async/clock.ts';
import { untilAborted } from '../async/abort.ts';
import { milliseconds, type Duration } from '../model/duration.ts';
import { ConfigError } from '../model/errors/store.ts';

/** A clock on which a sleep ends at once and moves the time. A test of hours takes milliseconds. */

/** A clock that a test owns. */
export type FakeClock = Clock & {
  /** Moves the time; sleeps that end by then end. */
  advance(by: Duration): void;
};

interface Sleeper {
  until: number;
  wake: () => void;
}

/**
 * A fake clock. Sleeps that go on at the same time end in the order of their deadlines. Between two of them, what the first one
 * woke runs until it waits.
 *
 * @defaultValue `start` is 2026-01-01T00:00:00Z
 * @throws `ConfigError` for a start that is not a valid date
 */
export function fakeClock(start: Date = new Date('2026-01-01T00:00:00Z')): FakeClock {
  if (!(start instanceof Date) || Number.isNaN(start.getTime())) throw new ConfigError('start', 'must be a valid Date', start);
  let now = start.getTime();
  let sleepers: Sleeper[] = [];
  let waking = false;

  const wakeNext = (): void => {
    const next = sleepers.reduce<Sleeper | undefined>(
      (first, one) => (first && first.until <= one.until ? first : one),
      undefined,
    );
    if (next) {
      sleepers = sleepers.filter((one) => one !== next);
      now = Math.max(now, next.until);
      next.wake();
    }
    waking = sleepers.length > 0;
    if (waking) setImmediate(wakeNext);
  };

  return {
    now: () => now,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      const sleeper: Sleeper = { until: now + Math.max(0, ms), wake: () => undefined };
      const woken = new Promise<void>((resolve) => {
        sleeper.wake = resolve;
      });
      sleepers.push(sleeper);
      // Wait until the running work sleeps too: its sleep may end earlier.
      if (!waking) setImmediate(wakeNext);
      waking = true;
      await untilAborted(woken, signal).finally(() => {
        sleepers = sleepers.filter((one) => one !== sleeper);
      });
    },
    advance: (by) => void (now += milliseconds(by, 'by')),
  };
}
