import { untilAborted } from '../async/deadline.ts';

/** Lets work run once it is its turn. A wait that is aborted rejects with the signal's reason. */
export type Turns = <T>(signal: AbortSignal | undefined, work: () => Promise<T>) => Promise<T>;

/** So many at once; the others wait, in the order in which they came. */
export function createTurns(most: number): Turns {
  let running = 0;
  const waiting: (() => void)[] = [];
  const leave = (): void => {
    const next = waiting.shift();
    if (next) next();
    else running -= 1;
  };
  const enter = async (signal: AbortSignal | undefined): Promise<void> => {
    if (running < most) {
      running += 1;
      return;
    }
    let called = (): void => undefined;
    const turn = new Promise<void>((resolve) => {
      called = resolve;
      waiting.push(called);
    });
    await untilAborted(turn, signal).catch((error: unknown) => {
      const place = waiting.indexOf(called);
      if (place >= 0) waiting.splice(place, 1);
      // Its turn came in the same moment: it goes on to the next.
      else leave();
      throw error;
    });
  };
  return async (signal, work) => {
    await enter(signal);
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
