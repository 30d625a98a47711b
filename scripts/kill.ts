/** How a worker process dies in the middle of something: at once, by SIGKILL, with no handler run and nothing flushed. */
import type { Gap } from './gaps.ts';

/** Ends this process. */
export function die(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('a process that was killed goes on');
}

/** Ends this process when BullMQ has committed the completion, before anybody else hears of it. */
export function dieOnCompleted(
  worker: { prependListener(event: 'completed', listener: () => void): unknown },
  gap: Gap | undefined,
): void {
  if (gap === 'G12') worker.prependListener('completed', die);
}
