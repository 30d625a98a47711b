/** What Node's own timers can wait, in milliseconds: longer ones fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Waits for an answer for at most `ms` milliseconds, then rejects with what `late` makes, which is the reason of the signal too.
 * Real time: it guards real I/O.
 */
export function answerWithin<T>(ms: number, ask: (signal: AbortSignal) => PromiseLike<T>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController();
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      timer = setTimeout(() => (left > LONGEST_TIMER ? wait(left - LONGEST_TIMER) : end()), Math.min(left, LONGEST_TIMER));
    };
    const end = (): void => {
      const error = late();
      reject(error);
      controller.abort(error);
    };
    wait(ms);
    void Promise.resolve()
      .then(() => ask(controller.signal))
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
