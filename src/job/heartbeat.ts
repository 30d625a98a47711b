import { bounded, type Timer } from '../call.ts';
import { isMooringError, StaleAttemptError } from '../errors.ts';
import type { Life } from './life.ts';

/**
 * Tells the runtime that an attempt lives, apart from what it waits for: a slow far side must not cost the attempt its task. It does so
 * until nothing of the attempt goes on, since a submit in flight, and the cancelling of a job, outlast its end; but no longer than
 * the attempt owns its task. By the timer and not by the clock: what is guarded here is real, also where a test owns the time.
 */
export function startHeartbeat(
  timer: Timer,
  life: Life,
  heartbeat: { every: number; beat: () => Promise<'held' | 'lost'> },
  where: object,
): void {
  let stop = (): void => undefined;
  const schedule = (): void => {
    if (!life.over.aborted && !isSuperseded(life)) stop = timer(heartbeat.every, () => void beat());
  };
  const beat = async (): Promise<void> => {
    try {
      const outcome = await bounded(timer, heartbeat.every, life.over, heartbeat.beat);
      if (outcome.ended === 'aborted') return;
      if (outcome.ended === 'deadline') throw new Error(`no answer within ${heartbeat.every} ms`);
      if (outcome.value === 'lost') life.abort(new StaleAttemptError('the runtime gave the job to another attempt', where));
    } catch (error) {
      // No answer is not the answer that the job is lost: the fence decides.
      // Its text alone, since a client's error may carry the command, and so the token of the runtime's lock.
      life.log.warn({ ...where, problem: error instanceof Error ? error.message : String(error) }, 'the heartbeat failed');
    }
    schedule();
  };
  life.signal.addEventListener('abort', () => isSuperseded(life) && stop(), { once: true });
  life.over.addEventListener('abort', () => stop(), { once: true });
  schedule();
}

function isSuperseded({ signal }: Life): boolean {
  return signal.aborted && isMooringError(signal.reason) && signal.reason.code === 'mooring.stale-attempt';
}
