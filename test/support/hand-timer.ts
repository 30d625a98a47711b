import type { Timer } from '../../src/async/deadline.ts';

/** A timer that a test moves. */
export interface HandTimer {
  readonly timer: Timer;
  /** Lets milliseconds pass. */
  pass(ms: number): void;
  /** How many wait. */
  running(): number;
}

/** Makes one. */
export function handTimer(): HandTimer {
  const timers = new Set<{ left: number; fire: () => void }>();
  return {
    timer: (ms, fire) => {
      const one = { left: ms, fire };
      timers.add(one);
      return () => void timers.delete(one);
    },
    pass(ms) {
      for (const one of timers) {
        one.left -= ms;
        if (one.left > 0) continue;
        timers.delete(one);
        one.fire();
      }
    },
    running: () => timers.size,
  };
}
