import type { Duration } from '../model/duration.ts';
import { ConfigError } from '../model/errors/store.ts';
import { requireKnownNames } from '../model/check-options.ts';
import type { JsonValue } from '../model/storable.ts';

/** What an external system says of a job. Its words change over time, so an unclassified word is never a reason to submit. */

/**
 * How an external job is. `nextPoll`: ask again after this time. `retryable` (default true): the runtime's next attempt submits
 * again; false fails for good. `missing`: the external system does not know the job. `unknown`: it did not say.
 */
export type JobStatus =
  | { state: 'active'; progress?: JsonValue; nextPoll?: Duration }
  | { state: 'succeeded' }
  | { state: 'failed'; reason: string; retryable?: boolean }
  | { state: 'missing' }
  | { state: 'unknown'; detail?: string };

/**
 * Makes a function that classifies the words of an external system. Any other word, or none, is `unknown`. The function's second
 * argument is the reason of a failure.
 *
 * @throws {@link ConfigError} if a word is not a text, or is in two lists.
 */
export function jobStatus(words: {
  active: readonly string[];
  succeeded: readonly string[];
  failed: readonly string[];
}): (word: string | undefined, reason?: string) => JobStatus {
  requireKnownNames('words', words, { active: true, succeeded: true, failed: true });
  const states = new Map<string, 'active' | 'succeeded' | 'failed'>();
  for (const state of ['active', 'succeeded', 'failed'] as const) {
    const list: unknown = words[state];
    if (!Array.isArray(list)) throw new ConfigError(state, 'must be a list of words', list);
    for (const word of list as unknown[]) {
      if (typeof word !== 'string' || word === '') throw new ConfigError(state, 'must hold words', word);
      if ((states.get(word) ?? state) !== state)
        throw new ConfigError(state, `must not hold a word of ${states.get(word)}`, word);
      states.set(word, state);
    }
  }
  return (word, reason) => {
    const state = word === undefined ? undefined : states.get(word);
    if (state === 'failed') return { state, reason: reason ?? String(word) };
    if (state) return { state };
    return { state: 'unknown', detail: word === undefined ? 'no status' : `an unclassified status: ${word}` };
  };
}
