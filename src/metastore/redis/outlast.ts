import { stopwatch, systemClock } from '../../async/clock.ts';
import { retry } from '../../async/retry.ts';
import type { MetastoreContext } from '../metastore.ts';
import { isPassing, type Failure } from './errors.ts';

/** What a server refuses only for now: a slot is being moved, a replica is becoming the master, the data is being loaded. */

/** Between the refusal of a command and the next try, in milliseconds. */
const PAUSE = { first: 50, longest: 500 };

/** Sends again what a server refused only for now, while there is time left for twice as long as the last try took. */
export function outlastRefusals<T>(
  { commandTimeout, random }: MetastoreContext,
  signal: AbortSignal | undefined,
  failure: Failure,
  send: () => Promise<T>,
): Promise<T> {
  const elapsed = stopwatch(systemClock);
  let began = 0;
  const hasTime = (): boolean => elapsed() + PAUSE.longest + 2 * (elapsed() - began) < commandTimeout;
  return retry(
    { clock: systemClock, random, signal, pause: PAUSE, passes: (error) => isPassing(error, failure) && hasTime() },
    () => {
      began = elapsed();
      return send();
    },
  );
}
