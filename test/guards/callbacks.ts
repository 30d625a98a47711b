import { guard, type Guard } from './guard.ts';

/** Guards of callbacks: that none is lost, that none does harm, and that nobody else makes one. */

const WAITING = 'test/unit/job/attempt/waiting.test.ts';
const POLLS = 'test/integration/job-callbacks.test.ts';
const BULLMQ = 'test/adapter/bullmq/callbacks.test.ts';
const WAKE = 'test/unit/bullmq/wake.test.ts';
const URLS = 'test/unit/job/callback/signed-url.test.ts';
const HANDLER = 'test/unit/job/callback/handler.test.ts';
const HTTP = 'test/integration/callback-http.test.ts';

/** In the order in which a callback meets them; what an attempt makes of it comes last. */
export const CALLBACK_GUARDS: readonly Guard[] = [
  guard(
    'a callback has a signature of ours',
    'src/job/callback',
    "!fits.includes(true) || others.length > 0) return 'wrong';",
    "others.length > 0) return 'wrong';",
    [URLS, 'is wrong with another token'],
  ),
  guard('the expiry of a callback URL is signed', 'src/job/callback', '${PURPOSE}.${token}.${until}', '${PURPOSE}.${token}', [
    URLS,
    'is wrong with a later expiry',
  ]),
  guard('a callback URL expires', 'src/job/callback', "if (verdict === 'expired') return EXPIRED;", '', [
    HANDLER,
    'a URL that has expired: 410',
  ]),
  guard(
    'a body is read only for a good URL, and up to the limit',
    'src/job/callback/web.ts',
    'if (bytes > most) {',
    'if (bytes > 1e9) {',
    [HANDLER, 'of exactly the limit is delivered'],
  ),
  guard(
    'of a body that is too large a bounded part is read',
    'src/job/callback',
    'if (bytes > most + DROPPED) end(() => resolve(undefined));',
    '',
    [HTTP, 'a body without end to a good URL'],
  ),
  guard('an outage asks the sender to try again', 'src/job/callback', '|| error.retryable) return LATER;', ') return LATER;', [
    HANDLER,
    'because of a store that is away',
  ]),
  guard(
    'no line of a callback holds its token or its body',
    'src/job/callback',
    '...(error.retryable && { reason: error.message })',
    'reason: error.message',
    [HANDLER, 'is told to the log without token'],
  ),
  guard(
    'wake: the job is looked for again after the note',
    'adapters/bullmq/wake.ts',
    'if (await promote(job)) return PROMOTED; if (heard)',
    'if (heard)',
    [WAKE, 'that was released between the first try and the note'],
  ),
  guard(
    'release: the notes are read after the move',
    'adapters/bullmq',
    'if (known || cancel !== undefined || isNew) await promote',
    'if (known || cancel !== undefined) await promote',
    [BULLMQ, 'to another process (that is waited for: true) that comes just before the release'],
  ),
  guard(
    'release: a callback of the same process takes the job back',
    'adapters/bullmq',
    "if (stopped?.kind === 'delayed' && !stopped.away) recalled = true;",
    '',
    [BULLMQ, 'to the process of the worker (that is waited for: true) that comes just before the release'],
  ),
  guard('hold: the heartbeat tells of callbacks', 'adapters/bullmq', 'if (callback !== undefined) run.callback(callback);', '', [
    BULLMQ,
    'is polled within a heartbeat if the callback comes to another process',
  ]),
  guard('hold: the same process is told at once', 'adapters/bullmq', 'if (live.size === 0) deafen = listen(live);', '', [
    BULLMQ,
    'is polled at once if the callback comes to its process',
  ]),
  guard(
    'a callback does not shorten the pause after a failure',
    'adapters/bullmq',
    "if (store && (await hasFailed(store, job, call))) return not('backoff');",
    '',
    [BULLMQ, 'does not shorten the pause after a failure'],
  ),
  guard(
    'a failure that is over stops no callback',
    'adapters/bullmq',
    'noted !== undefined && noted.started === detailsOf(job).attemptsStarted',
    'noted !== undefined',
    [BULLMQ, 'a callback after that pause brings the next'],
  ),
  guard('a callback that came during the poll lets no pause begin', 'src/job', 'if (callbacks > heard) return undefined;', '', [
    WAITING,
    'that came during the poll lets no pause begin',
  ]),
  guard(
    'no release before every run has polled after the callback',
    'src/job',
    '&& ![...willing].some(({ heard }) => callbacks > heard)',
    '',
    [WAITING, 'keeps the attempt until every run'],
  ),
  guard(
    'many callbacks keep no poll from ending',
    'src/job',
    'answer = await askOnce(run, record, signal);',
    'answer = (await waiting.untilCallback(signal, heard, (either) => askOnce(run, record, either))) ?? (await new Promise<never>(() => undefined));',
    [POLLS, 'waits for its end, so that many of them'],
  ),
];
