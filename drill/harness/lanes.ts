/** Works through a list, so many at the same time. Rejects with the first failure, when what was begun is over. */
export async function inLanes<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await work(next);
  };
  const lanes = Array.from({ length: atOnce }, async () => {
    try {
      await lane();
    } catch (error) {
      queue.length = 0;
      throw error;
    }
  });
  const outcomes = await Promise.allSettled(lanes);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
