/** Waits for an answer for at most `ms` milliseconds, then rejects with what `late` makes. Real time: it guards real I/O. */
export function answerWithin<T>(ms: number, answer: PromiseLike<T>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms);
    answer.then(resolve, reject).then(
      () => clearTimeout(timer),
      () => clearTimeout(timer),
    );
  });
}
