import { guard, type Guard } from './guard.ts';

/** Guards of the Temporal adapter: the pitfalls of docs/temporal.md, most of them on a real server. */

const SCOPE = 'test/unit/temporal/scope.test.ts';
const SCOPES = 'test/adapter/temporal/scopes.test.ts';
const ATTEMPTS = 'test/adapter/temporal/attempts.test.ts';
const CANCELLING = 'test/adapter/temporal/cancelling.test.ts';
const ENDS = 'test/unit/temporal/ends.test.ts';
const ACTIVITY = 'test/unit/temporal/activity.test.ts';
const WAITING = 'test/unit/temporal/waiting.test.ts';
const TEMPORAL_WAITING = 'test/adapter/temporal/waiting.test.ts';
const REPORTING = 'test/adapter/temporal/reporting.test.ts';
const EXTERNAL_STORAGE = 'test/adapter/temporal/external-storage.test.ts';
const TEMPORAL_CANCELLING = 'test/unit/temporal/cancelling.test.ts';
const SHUTDOWN = 'test/unit/temporal/shutdown.test.ts';
const OUTAGE = 'test/unit/temporal/outage.test.ts';
const TEMPORAL_ENDS = 'test/adapter/temporal/ends.test.ts';
const SEVERAL_STORES = 'test/unit/temporal/several-stores.test.ts';
const DRIVER = 'test/unit/temporal/external-storage/driver.test.ts';

/** In the order of the page; external storage comes last. */
export const TEMPORAL_GUARDS: readonly Guard[] = [
  guard(
    'Temporal 1: the time comes first in the fence',
    'adapters/temporal',
    ': [currentAttemptScheduledTimestampMs, Math',
    ': [0, Math',
    [SCOPE, 'is ordered by when it was scheduled'],
  ),
  guard('Temporal 2: the run is in the scope', 'adapters/temporal', 'workflowId, workflowExecution.runId)', 'workflowId)', [
    SCOPE,
    'no two activities share one',
  ]),
  guard(
    'Temporal 3: the time it was scheduled is in the scope',
    'adapters/temporal',
    'activityType, activityId, since)',
    'activityType, activityId)',
    [SCOPE, 'differs for the same ID used again in the run'],
  ),
  guard(
    'Temporal 4: a local activity must choose a scope',
    'adapters/temporal',
    'info.isLocal) throw',
    'info.isLocal && !info.workflowExecution) throw',
    [SCOPES, '4 a local activity that chooses no scope fails'],
  ),
  guard(
    'Temporal 5: only a request cancels the external job',
    'adapters/temporal',
    'cancellationDetails?.cancelRequested)',
    'cancellationDetails)',
    [ATTEMPTS, '5 a pause leaves the external job running'],
  ),
  guard('Temporal 5: and a request does', 'adapters/temporal', '?.cancelRequested) attempt', '?.timedOut) attempt', [
    CANCELLING,
    '5 a cancelled workflow cancels the external job',
  ]),
  guard(
    'Temporal 6: what an attempt rejects with that was stopped is the stop',
    'adapters/temporal',
    'stop === undefined || isStale(error) ? error : stop',
    'isMooringError(stop) ? stop : error',
    [ENDS, 'by a pause ends with that'],
  ),
  guard(
    'Temporal 6: but for an attempt that was superseded',
    'adapters/temporal',
    'undefined || isStale(error) ?',
    'undefined ?',
    [ENDS, 'says that it was superseded'],
  ),
  guard(
    'Temporal 6: what returns although it was stopped is stopped',
    'adapters/temporal',
    'if (interrupted) throw stopReason();',
    '',
    [ENDS, 'that returned nevertheless ends as stopped'],
  ),
  guard(
    'Temporal: the failure of an external job that is written down costs an attempt',
    'adapters/temporal',
    '(jobFailure() ?? stop)',
    'stop',
    [ENDS, 'after it wrote down that its external job failed'],
  ),
  guard(
    'Temporal: promises of runs are the core’s own',
    'adapters/temporal',
    'run: (job, input, options',
    'run: async (job, input, options',
    [ENDS, 'two runs that are awaited one after the other'],
  ),
  guard('Temporal 8: our heartbeats repeat the user’s details', 'adapters/temporal', 'send(last);', 'send(undefined);', [
    ACTIVITY,
    'of ours say the user’s last details again',
  ]),
  guard('Temporal 10: a delay is never 0', 'adapters/temporal', 'Math.max(1, Math.', 'Math.max(0, Math.', [
    WAITING,
    'never after 0',
  ]),
  guard(
    'Temporal 10: finite attempts are not used up by waiting',
    'adapters/temporal',
    'if (most > 0) return',
    'if (most < 0) return',
    [TEMPORAL_WAITING, '10 release holds where maximumAttempts is finite'],
  ),
  guard('Temporal 10: nor a deadline passed', 'adapters/temporal', 'Math.min(wished, timeLeft(info, now) - MARGIN)', 'wished', [
    TEMPORAL_WAITING,
    '10 release comes back before scheduleToCloseTimeout',
  ]),
  guard(
    'Temporal 11: a cancelled workflow still runs the cancelling activity',
    'adapters/temporal',
    'CancellationScope.nonCancellable(',
    'CancellationScope.cancellable(',
    [CANCELLING, '11 between two attempts'],
  ),
  guard('Temporal 14: a plugin that is applied twice acts once', 'adapters/temporal', 'if (ours(activity)) return worker;', '', [
    REPORTING,
    '14 a plugin given to the connection and to the worker acts once',
  ]),
  guard(
    'Temporal 18: an attempt that outlives its timeout is refused',
    'adapters/temporal',
    'currentAttemptScheduledTimestampMs, Math.min(attempt, 99_000) *',
    'scheduledTimestampMs,',
    [ATTEMPTS, '18 an attempt that outlives its heartbeat timeout is refused'],
  ),
  guard(
    'Temporal 19: details that no message can hold are refused in the activity',
    'adapters/temporal',
    '(bytes > largest) {',
    '(bytes > Infinity) {',
    [EXTERNAL_STORAGE, 'details that could not stay in a message are refused'],
  ),
  guard('Temporal 22: the type of a failure is the error’s code', 'adapters/temporal', 'type: error.code,', 'type: error.name,', [
    REPORTING,
    '22 a failure’s type is the error’s code',
  ]),
  guard(
    'Temporal 5: by Temporal’s default the activity of a cancelled workflow never hears of it',
    'adapters/temporal',
    "cancellationType: 'WAIT_CANCELLATION_COMPLETED',",
    '',
    [CANCELLING, '5 a cancelled workflow cancels the external job'],
  ),
  guard(
    'Temporal: a webhook ends no wait but for a job that is recorded',
    'adapters/temporal',
    "'async' && waitsFor === 'job'",
    "'async'",
    [ACTIVITY, 'leaves nothing to it before there is a job'],
  ),
  guard('Temporal: what activities share outlives each of them', 'adapters/temporal', "| choice === 'activity')", '| choice)', [
    ACTIVITY,
    'of one activity ends a while after it, unlike what activities share',
  ]),
  guard(
    'Temporal: with the plugin no heartbeat asks a driver that may fail',
    'adapters/temporal',
    'setup.converter = worker.options.loadedDataConverter;',
    '',
    [EXTERNAL_STORAGE, 'no heartbeat asks the driver'],
  ),
  guard(
    'Temporal 23: no older attempt submits once the cancelling activity looks',
    'adapters/temporal',
    "await state.get('cancelled');",
    '',
    [CANCELLING, 'it supersedes an attempt that is still alive'],
  ),
  guard(
    'Temporal: a cancelling activity leaves to a person what nobody can tell',
    'adapters/temporal',
    'if (record) throw new',
    'if (!record) throw new',
    [TEMPORAL_CANCELLING, 'fails for a person'],
  ),
  guard('Temporal: and says which external job it does not know', 'adapters/temporal', "== 'unknown-job')", '== undefined)', [
    TEMPORAL_CANCELLING,
    'says which external job it does not know',
  ]),
  guard(
    'Temporal: a finished record is the result of its own activity alone',
    'adapters/temporal',
    'jobId: jobIdOf(info),',
    "jobId: 'any',",
    [TEMPORAL_CANCELLING, 'a finished record of another call'],
  ),
  guard(
    'Temporal 4: a local activity whose completion was lost finds its result',
    'adapters/temporal',
    'return isLocal ? joined(workflowId, runId, activityType) : joined',
    'return joined',
    [TEMPORAL_CANCELLING, 'a local activity whose completion was lost'],
  ),
  guard('Temporal 21: heartbeats begin when the context is asked for', 'adapters/temporal', 'heartbeats.start();', '', [
    ENDS,
    'begin when the context is asked for',
  ]),
  guard(
    'Temporal 21: and go on until everything ended',
    'adapters/temporal',
    'await run.end(returned);',
    'heartbeats.stop();\n        await run.end(returned);',
    [ENDS, 'go on while cancel of an external job runs'],
  ),
  guard('Temporal: a worker that shuts down waits for no external job', 'adapters/temporal', 'setup.shutdown.abort();', '', [
    SHUTDOWN,
    'hands an activity that waits to another worker at once',
  ]),
  guard(
    'Temporal: code that does not wait goes on while its worker shuts down',
    'adapters/temporal',
    'waits > 0 && endless',
    'endless',
    [SHUTDOWN, 'lets code go on that does not wait'],
  ),
  guard(
    'Temporal: an activity of few attempts spends none on its worker’s end',
    'adapters/temporal',
    '&& endless && !info',
    '&& !info',
    [SHUTDOWN, 'lets an activity of few attempts wait'],
  ),
  guard(
    'Temporal: an outage of the store costs an activity of few attempts none',
    'adapters/temporal',
    'if (endless || !isOutage',
    'if (error || !isOutage',
    [OUTAGE, 'the activity begins again in the same attempt'],
  ),
  guard('Temporal: each run of an attempt’s code has a fence of its own', 'adapters/temporal', '* 1_000 + rerun]', '* 1_000]', [
    OUTAGE,
    'what one run of the code wrote',
  ]),
  guard(
    'Temporal: it begins again only while there is time for another attempt',
    'adapters/temporal',
    '|| pause > (ends - Date.now()) / 2',
    '',
    [OUTAGE, 'leaves time for another attempt'],
  ),
  guard(
    'Temporal: a result that the server does not take is refused',
    'adapters/temporal',
    '(attempts.length > 0',
    '(!attempts',
    [TEMPORAL_ENDS, 'a result that the server does not take fails the activity'],
  ),
  guard('Temporal: a first attempt that failed leaves a trace', 'adapters/temporal', ': attempt.fail())', ': undefined)', [
    ENDS,
    'is no sign of loss for the next one',
  ]),
  guard(
    'Temporal: with several stores an activity says which one it means',
    'adapters/temporal',
    'others.some(({ store }) => store !== setup.store)',
    '!others',
    [SEVERAL_STORES, 'one that names none is refused'],
  ),
  guard(
    'Temporal 14: one store in two interceptors is one store',
    'adapters/temporal',
    'some(({ store }) => store !== setup.store)',
    'length > 0',
    [SEVERAL_STORES, 'the same store twice acts once'],
  ),
  guard(
    'Temporal: the stores of several interceptors are known to one run',
    'adapters/temporal',
    '(outer?.context !',
    '(outer !',
    [SEVERAL_STORES, 'one that names both has two attempts'],
  ),
  guard(
    'Temporal: where an object store is down a payload stays in the message',
    'adapters/temporal',
    'inline && bytes.length <= LARGEST_INLINE',
    'inline && bytes.length < 0',
    [EXTERNAL_STORAGE, 'an input, a result and what a workflow passes on stay'],
  ),
  guard(
    'Temporal: a payload that is too large for a message is an error at once',
    'adapters/temporal',
    'bytes.length <= LARGEST_INLINE',
    'bytes.length >= 0',
    [DRIVER, 'it is an error for what no message to the server holds'],
  ),
  guard(
    'Temporal: a payload that was stored just now is not stored again',
    'adapters/temporal',
    'if (cache.knows(key)) return key;',
    '',
    [DRIVER, 'is one request for a payload that comes twice'],
  ),
  guard(
    'Temporal: a payload is the one that was stored',
    'adapters/temporal',
    "createHash('sha256').update(bytes).digest('hex') !== claim.sha256",
    'bytes === undefined',
    [DRIVER, 'refuses other bytes than were stored'],
  ),
  guard('Temporal: a call of an object store is tried again', 'adapters/temporal', 'const TRIES = 5;', 'const TRIES = 1;', [
    DRIVER,
    'tries again until the store answers',
  ]),
];
