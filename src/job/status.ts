import { ConfigError } from '../model/errors/store.ts';
import { requireKnownNames } from '../model/check-options.ts';
import { reasonOf } from '../model/reason.ts';
import type { RetryAfter } from '../model/retry-after.ts';
import type { JsonValue } from '../model/storable.ts';

/** What an external system says of a job. Its words change over time, so an unclassified word is never a reason to submit. */

/**
 * How an external job is. `nextPoll`: ask again after this time. `retryable` (default true): the runtime's next attempt submits
 * again; false fails for good. `missing`: the external system does not know the job. `unknown`: it did not say.
 */
export type JobStatus =
  | { state: 'active'; progress?: JsonValue; nextPoll?: RetryAfter }
  | { state: 'succeeded' }
  | { state: 'failed'; reason: string; retryable?: boolean }
  | { state: 'missing' }
  | { state: 'unknown'; detail?: string };

/** What an external system has for the status of a job. It is compared as text: `3` is the same word as `'3'`. */
export type StatusWord = string | number | boolean;

/** The words of an external system, by what they mean. */
export interface StatusWords {
  /** The job waits, or runs. */
  readonly active: readonly StatusWord[];
  /** It ended with a result. */
  readonly succeeded: readonly StatusWord[];
  /** It ended without one. The runtime's next attempt submits again. */
  readonly failed: readonly StatusWord[];
  /**
   * A person stopped it in the external system. That is a failure which no attempt answers with a new job. A job that the system
   * itself ended (preempted, expired) belongs to `failed`.
   * @defaultValue none
   */
  readonly cancelled?: readonly StatusWord[];
  /**
   * The external system does not know the job.
   * @defaultValue none
   */
  readonly missing?: readonly StatusWord[];
}

/** What is known of a job beside the word. Only what fits the word's meaning is used. */
export interface StatusDetails {
  /**
   * Why the job failed, or was stopped.
   * @defaultValue the word
   */
  reason?: string | null | undefined;
  /** How far an active job is. */
  progress?: JsonValue | undefined;
  /** When to ask an active job again. */
  nextPoll?: RetryAfter;
  /** What was thrown in place of an answer. It counts only if there is no word. */
  error?: unknown;
}

type Meaning = keyof StatusWords;

/** In the order of errors. */
const MEANINGS: Readonly<Record<Meaning, 'required' | 'optional'>> = {
  active: 'required',
  succeeded: 'required',
  failed: 'required',
  cancelled: 'optional',
  missing: 'optional',
};
const DETAILS: Readonly<Record<keyof StatusDetails, true>> = { reason: true, progress: true, nextPoll: true, error: true };

/**
 * Makes a function that classifies the words of an external system. Any other word, or none, is `unknown`. The function's second
 * argument is the reason of a failure, or {@link StatusDetails}.
 *
 * @throws {@link ConfigError} if a word is none, or is in two lists.
 */
export function jobStatus(
  words: StatusWords,
): (word: StatusWord | null | undefined, more?: string | StatusDetails | null) => JobStatus {
  const meanings = meaningsOf(words);
  return (word, more) => {
    const details = detailsOf(more);
    const said = isWord(word) ? String(word) : undefined;
    const meaning = said === undefined ? undefined : meanings.get(said);
    return said === undefined || meaning === undefined ? unclassified(word, details) : classified(meaning, said, details);
  };
}

function classified(meaning: Meaning, word: string, { reason, progress, nextPoll }: StatusDetails): JobStatus {
  switch (meaning) {
    case 'active':
      return {
        state: 'active',
        ...(progress !== undefined && { progress }),
        ...(nextPoll !== undefined && nextPoll !== null && { nextPoll }),
      };
    case 'failed':
      return { state: 'failed', reason: reason || word };
    case 'cancelled': {
      const stopped = `stopped in the external system (${word})`;
      return { state: 'failed', reason: reason ? `${stopped}: ${reason}` : stopped, retryable: false };
    }
    default:
      return { state: meaning };
  }
}

/** How much of a word that nobody listed an error shows: it may be a whole page. */
const LONGEST_WORD = 100;

/** An error is told by its message and codes alone: the object may hold the request, with its credentials. */
function unclassified(word: unknown, { error }: StatusDetails): JobStatus {
  if (word === undefined || word === null || word === '')
    return { state: 'unknown', detail: error === undefined ? 'no status' : `no status: ${reasonOf(error)}` };
  const shown = isWord(word) ? String(word).slice(0, LONGEST_WORD) : `a value of type ${typeof word}`;
  return { state: 'unknown', detail: `an unclassified status: ${shown}` };
}

/** The meaning of each word. */
function meaningsOf(words: StatusWords): ReadonlyMap<string, Meaning> {
  requireKnownNames('words', words, MEANINGS);
  const meanings = new Map<string, Meaning>();
  for (const meaning of Object.keys(MEANINGS) as Meaning[]) {
    const list: unknown = words[meaning];
    if (list === undefined && MEANINGS[meaning] === 'optional') continue;
    if (!Array.isArray(list)) throw new ConfigError(meaning, 'must be a list of words', list);
    for (const word of list as unknown[]) {
      if (!isWord(word)) throw new ConfigError(meaning, 'must hold words: texts, numbers, true or false', word);
      const other = meanings.get(String(word)) ?? meaning;
      if (other !== meaning) throw new ConfigError(meaning, `must not hold a word of ${other}`, word);
      meanings.set(String(word), meaning);
    }
  }
  return meanings;
}

function isWord(word: unknown): word is StatusWord {
  return typeof word === 'string' ? word !== '' : typeof word === 'boolean' || Number.isFinite(word);
}

function detailsOf(more: string | StatusDetails | null | undefined): StatusDetails {
  if (more === undefined || more === null) return {};
  if (typeof more === 'string') return { reason: more };
  requireKnownNames('more', more, DETAILS);
  return more;
}
