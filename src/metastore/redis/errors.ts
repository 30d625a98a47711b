import {
  ConfigError,
  CorruptEntryError,
  OutcomeUnknownError,
  StoreUnavailableError,
  type MooringError,
} from '../../model/errors/store.ts';

/**
 * What an error of the client means. Errors of ioredis and of Redis carry the arguments of their command, and some texts of Redis
 * quote them. So no such error is ever passed on. Its text is passed on only as far as it is known to be free of arguments.
 */

/** The `store` of errors. */
export const NAME = 'redis';

/** What a server says instead of taking a command, by the first word. It wrote nothing. */
const REFUSALS: Readonly<Record<string, string>> = {
  OOM: 'its memory is full (maxmemory)',
  READONLY: 'it is a replica, and takes no writes',
  LOADING: 'it is loading its data',
  NOREPLICAS: 'it has fewer replicas than min-replicas-to-write asks for',
  MISCONF: 'it cannot save its data, and takes no writes until it can',
  MASTERDOWN: 'it is a replica whose master is down',
  CLUSTERDOWN: 'the cluster is down',
  TRYAGAIN: 'the slot is being moved',
  BUSY: 'another script is running too long',
};

/** What a server says to a user who may not do this, or not any more. It wrote nothing. */
const ACCESS: Readonly<Record<string, string>> = {
  NOAUTH: 'must authenticate: the server asks for a password',
  WRONGPASS: 'must have a valid user and password',
  NOPERM: 'must be of a user who may run eval, evalsha, info, time, scan and the commands of the scripts on keys mooring:*',
};

/** What a server says when the client is not the right one. It wrote nothing. */
const MISTAKES: Readonly<Record<string, string>> = {
  NOPROTO: 'must speak a protocol that the server knows',
  MOVED: 'must be a Cluster of ioredis: the server is part of a cluster',
  ASK: 'must be a Cluster of ioredis: the server is part of a cluster',
  CROSSSLOT: 'must be a Cluster of ioredis: the server is part of a cluster',
};

/**
 * How servers say that a command of a script is not permitted: Redis 6.2 and 7.0; Redis 7.2 and later, Valkey and Redict; and a
 * script that passes on what `pcall` gave it. The commands before that one stay done. A missing right to run the script itself
 * has another text.
 */
const REFUSED_IN_SCRIPT = /The user executing the script can't|ACL failure in script|NOPERM .*@user_script/;

/** How a Cluster's client gives up: every server that it asked refused the command. The last one's words are behind that. */
const REDIRECTED = /^Too many Cluster redirections\. Last error: \w+: (MOVED|ASK|TRYAGAIN|CLUSTERDOWN)\b/;

const SERVER_ERROR = 'ReplyError';
/** What the client says when it has not sent a command, and will not. */
const NEVER_SENT = /^(?:Stream isn't writeable|Cluster isn't ready) and enableOfflineQueue options is false/;

/** What it says when it could not connect as often as it was told to try. */
const GAVE_UP = /^Reached the max retries per request limit/;

/** What a server says that is not yet, or not any more, the one to write to. */
const STARTING = ['READONLY', 'LOADING', 'MASTERDOWN'];

const LONGEST_TEXT = 300;

/** What is known of a command that failed. */
export interface Failure {
  /** The key that the command was for. */
  key: string;
  writes: boolean;
  /** Whether the command may have been sent before: then no refusal is definite. */
  resent: boolean;
  /**
   * Whether somebody asks if the store is set up rightly. A right or a password that is missing is then a mistake. To all others
   * it is an outage: somebody changes it, and jobs outlast that.
   */
  examines: boolean;
}

/** Whether the server does not have the script. */
export function isMissingScript(error: unknown): boolean {
  return isReply(error) && wordIn(textOf(error), ['NOSCRIPT']) !== undefined;
}

/** Whether a server of a Cluster did not take a command because the slot is, or may be, at another one. */
export function isElsewhere(error: unknown): boolean {
  return isReply(error) && /^(?:MOVED|ASK|TRYAGAIN|CLUSTERDOWN|READONLY)\b/.test(textOf(error));
}

/**
 * Whether a server refused a command only for now, and the same command may be taken a moment later: a slot of a Cluster is being
 * moved, or has no master yet. A server that is a replica, or loads its data, may be the master in a moment too. But whoever
 * examines the store wants to know at once.
 */
export function isPassing(error: unknown, { examines }: Pick<Failure, 'examines'>): boolean {
  const text = textOf(error);
  if (REDIRECTED.test(text)) return true;
  if (!isReply(error)) return false;
  return /^(?:TRYAGAIN|CLUSTERDOWN)\b/.test(text) || (!examines && wordIn(text, STARTING) !== undefined);
}

/** What the client knows of its connection while it has none: why, in a few words without a credential. */
export type Cause = () => string | undefined;

/** The text, and the cause if there is one. */
export function explained(text: string, cause: Cause): string {
  const known = cause();
  return known === undefined ? text : `${text}; ${known}`;
}

/** The error to throw for one of the client. */
export function translate(error: unknown, failure: Failure, cause: Cause = () => undefined): MooringError {
  const text = textOf(error);
  if (failure.writes && failure.resent) return noAnswer(failure, 'the connection broke, or it refused what was sent again');
  const redirected = REDIRECTED.exec(text)?.[1];
  if (redirected !== undefined) return refused(redirected === 'CLUSTERDOWN' ? redirected : 'TRYAGAIN', redirected);
  if (!isReply(error)) {
    const why = explained(GAVE_UP.test(text) ? 'the client tried again, and then gave up' : text, cause);
    return NEVER_SENT.test(text) ? unavailable(`Redis cannot be reached: ${why}`) : noAnswer(failure, why);
  }
  if (REFUSED_IN_SCRIPT.test(error.message)) {
    return failure.writes
      ? noAnswer(failure, `a script was refused one of its commands; the client ${ACCESS['NOPERM']} [NOPERM]`)
      : noAccess('NOPERM', failure);
  }
  const refusal = wordIn(text, Object.keys(REFUSALS));
  if (refusal !== undefined) return refused(refusal);
  const access = wordIn(text, Object.keys(ACCESS));
  if (access !== undefined) return noAccess(access, failure);
  const mistake = wordIn(text, Object.keys(MISTAKES));
  if (mistake !== undefined) return new ConfigError('client', `${MISTAKES[mistake]} [${mistake}]`);
  if (wordIn(text, ['WRONGTYPE']) !== undefined) {
    return new CorruptEntryError(
      `the Redis key ${failure.key}, or the index or birth of its shard, holds something of another type`,
      {
        store: NAME,
      },
    );
  }
  if (/unknown command/i.test(text))
    return new ConfigError('client', 'must be of a server that has eval, evalsha, info, time, wait and scan');
  return noAnswer(failure, 'the script failed');
}

function refused(why: string, word = why): MooringError {
  return unavailable(`Redis refused the command: ${REFUSALS[why]} [${word}]`);
}

function noAccess(word: string, { examines }: Failure): MooringError {
  const rule = `${ACCESS[word]} [${word}]`;
  return examines ? new ConfigError('client', rule) : unavailable(`Redis refused the command: the client ${rule}`);
}

/** The error for a command whose outcome is unknown. For a read it says only that the store is unavailable. */
export function noAnswer({ writes, key }: Pick<Failure, 'writes' | 'key'>, why: string): MooringError {
  return writes
    ? new OutcomeUnknownError('no-answer', `Redis gave no answer to a write of ${key}, which may have been applied: ${why}`, {
        store: NAME,
      })
    : unavailable(`Redis gave no answer: ${why}`);
}

/** The error for a command that was certainly not taken. */
export function unavailable(message: string): StoreUnavailableError {
  return new StoreUnavailableError(message, { store: NAME });
}

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === SERVER_ERROR;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, LONGEST_TEXT) : 'it failed without an error';
}

/** A word of capitals in an error's text: at its start, or, if a script passes it on, after a space. */
function wordIn(text: string, words: readonly string[]): string | undefined {
  return words.find((word) => new RegExp(`(?:^|[\\s-])${word}\\b`).test(text));
}
