/** Guards of the Temporal adapter: the pitfalls of docs/temporal.md, most of them on a real server. */
import type { Guard } from './guard.ts';

const RUN = 'adapters/temporal/activity/run.ts';
const SCOPE = 'adapters/temporal/activity/scope.ts';
const STORE = 'adapters/temporal/external-storage/store.ts';
const at = (file: string, name: string): Guard['test'] => ({ file: `test/adapter/temporal/${file}.test.ts`, name });
const unit = (file: string, name: string): Guard['test'] => ({ file: `test/unit/temporal/${file}.test.ts`, name });

/** In the order of the page; external storage comes last. */
export const TEMPORAL_GUARDS: readonly Guard[] = [
  {
    name: 'Temporal 1: the time comes first in the fence',
    file: SCOPE,
    remove: { text: 'order: [currentAttemptScheduledTimestampMs, Math', by: 'order: [0, Math' },
    test: unit('scope', 'is ordered by when it was scheduled'),
  },
  {
    name: 'Temporal 2: the run is in the scope',
    file: SCOPE,
    remove: {
      text: '[joined(workflowExecution.workflowId, workflowExecution.runId), joined(activityType',
      by: '[joined(workflowExecution.workflowId), joined(activityType',
    },
    test: unit('scope', 'no two activities share one'),
  },
  {
    name: 'Temporal 3: the time it was scheduled is in the scope',
    file: SCOPE,
    remove: { text: 'joined(activityType, activityId, since)', by: 'joined(activityType, activityId)' },
    test: unit('scope', 'differs for the same ID used again in the run'),
  },
  {
    name: 'Temporal 4: a local activity must choose a scope',
    file: SCOPE,
    remove: { text: 'if (info.isLocal) throw', by: 'if (info.isLocal && !info.workflowExecution) throw' },
    test: at('scopes', '4 a local activity that chooses no scope fails'),
  },
  {
    name: 'Temporal 5: only a request cancels the external job',
    file: RUN,
    remove: { text: 'if (context.cancellationDetails?.cancelRequested) attempt', by: 'if (context.cancellationDetails) attempt' },
    test: at('attempts', '5 a pause leaves the external job running'),
  },
  {
    name: 'Temporal 5: and a request does',
    file: RUN,
    remove: { text: '?.cancelRequested) attempt.cancel(', by: '?.timedOut) attempt.cancel(' },
    test: at('cancelling', '5 a cancelled workflow cancels the external job'),
  },
  {
    name: 'Temporal 6: what an attempt rejects with that was stopped is the stop',
    file: 'adapters/temporal/activity/errors.ts',
    remove: { text: 'stop === undefined || isStale(error) ? error : stop', by: 'isMooringError(stop) ? stop : error' },
    test: unit('ends', 'by a pause ends with that'),
  },
  {
    name: 'Temporal 6: but for an attempt that was superseded',
    file: 'adapters/temporal/activity/errors.ts',
    remove: { text: 'stop === undefined || isStale(error) ? error : stop', by: 'stop === undefined ? error : stop' },
    test: unit('ends', 'says that it was superseded'),
  },
  {
    name: 'Temporal 6: what returns although it was stopped is stopped',
    file: RUN,
    remove: { text: '      if (interrupted) throw stopReason();\n', by: '' },
    test: unit('ends', 'and returned nevertheless ends with that'),
  },
  {
    name: 'Temporal: the failure of an external job that is written down costs an attempt',
    file: RUN,
    remove: { text: '(jobFailure() ?? stop)', by: 'stop' },
    test: unit('ends', 'after it wrote down that its external job failed'),
  },
  {
    name: 'Temporal: promises of runs are the core’s own',
    file: 'adapters/temporal/activity/context.ts',
    remove: { text: 'run: (job, input, options) => parts.run', by: 'run: async (job, input, options) => parts.run' },
    test: unit('ends', 'two runs that are awaited one after the other'),
  },
  {
    name: 'Temporal 8: our heartbeats repeat the user’s details',
    file: 'adapters/temporal/activity/heartbeat.ts',
    remove: { text: '    send(last);', by: '    send(undefined);' },
    test: unit('activity', 'of ours say the user’s last details again'),
  },
  {
    name: 'Temporal 10: a delay is never 0',
    file: 'adapters/temporal/activity/waiting.ts',
    remove: { text: 'Math.max(1, Math.floor(Math', by: 'Math.max(0, Math.floor(Math' },
    test: unit('waiting', 'never after 0'),
  },
  {
    name: 'Temporal 10: finite attempts are not used up by waiting',
    file: 'adapters/temporal/activity/waiting.ts',
    remove: { text: 'if (most > 0) return hold(', by: 'if (most < 0) return hold(' },
    test: at('waiting', '10 release holds where maximumAttempts is finite'),
  },
  {
    name: 'Temporal 10: nor a deadline passed',
    file: 'adapters/temporal/activity/waiting.ts',
    remove: { text: 'Math.min(wished, timeLeft(info, now) - MARGIN)', by: 'wished' },
    test: at('waiting', '10 release comes back before scheduleToCloseTimeout'),
  },
  {
    name: 'Temporal 11: a cancelled workflow still runs the cancelling activity',
    file: 'adapters/temporal/workflow.ts',
    remove: { text: 'await CancellationScope.nonCancellable(cancel)', by: 'await CancellationScope.cancellable(cancel)' },
    test: at('cancelling', '11 between two attempts'),
  },
  {
    name: 'Temporal 14: a plugin that is applied twice acts once',
    file: 'adapters/temporal/plugin.ts',
    remove: { text: '      if (ours(activity)) return worker;\n', by: '' },
    test: at('reporting', '14 a plugin given to the connection and to the worker acts once'),
  },
  {
    name: 'Temporal 18: an attempt that outlives its timeout is refused',
    file: SCOPE,
    remove: {
      text: 'order: [currentAttemptScheduledTimestampMs, Math.min(attempt, 99_000) * 1_000',
      by: 'order: [scheduledTimestampMs, 1_000',
    },
    test: at('attempts', '18 an attempt that outlives its heartbeat timeout is refused'),
  },
  {
    name: 'Temporal 19: details that no message can hold are refused in the activity',
    file: 'adapters/temporal/activity/heartbeat.ts',
    remove: { text: 'if (bytes > largest) {', by: 'if (bytes > Infinity) {' },
    test: at('external-storage', 'details that could not stay in a message are refused'),
  },
  {
    name: 'Temporal 22: the type of a failure is the error’s code',
    file: 'adapters/temporal/activity/errors.ts',
    remove: { text: 'type: error.code,', by: 'type: error.name,' },
    test: at('reporting', '22 a failure’s type is the error’s code'),
  },
  {
    name: 'Temporal 5: by Temporal’s default the activity of a cancelled workflow never hears of it',
    file: 'adapters/temporal/workflow.ts',
    remove: { text: "  cancellationType: 'WAIT_CANCELLATION_COMPLETED',\n", by: '' },
    test: at('cancelling', '5 a cancelled workflow cancels the external job'),
  },
  {
    name: 'Temporal: a webhook ends no wait but for a job that is recorded',
    file: 'adapters/temporal/activity/waiting.ts',
    remove: { text: "if (leaves === 'async' && waitsFor === 'job') throw", by: "if (leaves === 'async') throw" },
    test: unit('activity', 'leaves nothing to it before there is a job'),
  },
  {
    name: 'Temporal: what activities share outlives each of them',
    file: RUN,
    remove: {
      text: "filter(({ choice }) => !returned || choice === 'activity')",
      by: 'filter(({ choice }) => !returned || choice)',
    },
    test: unit('activity', 'what activities share outlives each of them'),
  },
  {
    name: 'Temporal: with the plugin no heartbeat asks a driver that may fail',
    file: 'adapters/temporal/plugin.ts',
    remove: { text: '      setup.converter = worker.options.loadedDataConverter;\n', by: '' },
    test: at('external-storage', 'no heartbeat asks the driver'),
  },
  {
    name: 'Temporal 23: no older attempt submits once the cancelling activity looks',
    file: 'adapters/temporal/activity/cancelling.ts',
    remove: { text: "    await state.get('cancelled');\n", by: '' },
    test: at('cancelling', 'it supersedes an attempt that is still alive'),
  },
  {
    name: 'Temporal: a cancelling activity leaves to a person what nobody can tell',
    file: 'adapters/temporal/activity/cancelling.ts',
    remove: { text: 'if (record) throw new', by: 'if (!record) throw new' },
    test: unit('cancelling', 'fails for a person'),
  },
  {
    name: 'Temporal: and says which external job it does not know',
    file: 'adapters/temporal/activity/cancelling.ts',
    remove: { text: "if (outcome === 'unknown-job')", by: 'if (outcome === undefined)' },
    test: unit('cancelling', 'says which external job it does not know'),
  },
  {
    name: 'Temporal: a finished record is the result of its own activity alone',
    file: SCOPE,
    remove: { text: '    jobId: jobIdOf(info),\n', by: "    jobId: 'any',\n" },
    test: unit('cancelling', 'a finished record of another call'),
  },
  {
    name: 'Temporal 4: a local activity whose completion was lost finds its result',
    file: SCOPE,
    remove: { text: 'return isLocal ? joined(workflowId, runId, activityType) : joined', by: 'return joined' },
    test: unit('cancelling', 'a local activity whose completion was lost'),
  },
  {
    name: 'Temporal 21: heartbeats begin when the context is asked for',
    file: RUN,
    remove: { text: '      heartbeats.start();\n', by: '' },
    test: unit('ends', 'begin when the context is asked for'),
  },
  {
    name: 'Temporal 21: and go on until everything ended',
    file: RUN,
    remove: { text: '        await run.end(returned);\n', by: '        heartbeats.stop();\n        await run.end(returned);\n' },
    test: unit('ends', 'go on while cancel of an external job runs'),
  },
  {
    name: 'Temporal: a worker that shuts down waits for no external job',
    file: 'adapters/temporal/plugin.ts',
    remove: { text: '        setup.shutdown.abort();\n', by: '' },
    test: unit('shutdown', 'hands an activity that waits to another worker at once'),
  },
  {
    name: 'Temporal: code that does not wait goes on while its worker shuts down',
    file: RUN,
    remove: { text: 'waits > 0 && endless', by: 'endless' },
    test: unit('shutdown', 'lets code go on that does not wait'),
  },
  {
    name: 'Temporal: an activity of few attempts spends none on its worker’s end',
    file: RUN,
    remove: { text: 'waits > 0 && endless && !info.isLocal', by: 'waits > 0 && !info.isLocal' },
    test: unit('shutdown', 'lets an activity of few attempts wait'),
  },
  {
    name: 'Temporal: an outage of the store costs an activity of few attempts none',
    file: RUN,
    remove: { text: 'if (endless || !isOutage(error)', by: 'if (error || !isOutage(error)' },
    test: unit('outage', 'the activity begins again in the same attempt'),
  },
  {
    name: 'Temporal: each run of an attempt’s code has a fence of its own',
    file: SCOPE,
    remove: { text: '* 1_000 + rerun]', by: '* 1_000]' },
    test: unit('outage', 'what one run of the code wrote'),
  },
  {
    name: 'Temporal: it begins again only while there is time for another attempt',
    file: RUN,
    remove: { text: ' || pause > (ends - Date.now()) / 2', by: '' },
    test: unit('outage', 'leaves time for another attempt'),
  },
  {
    name: 'Temporal: a result that the server does not take is refused',
    file: RUN,
    remove: { text: 'if (attempts.length > 0) await requireSmallResult', by: 'if (!attempts) await requireSmallResult' },
    test: at('ends', 'a result that the server does not take fails the activity'),
  },
  {
    name: 'Temporal: a first attempt that failed leaves a trace',
    file: RUN,
    remove: { text: '(returned ? attempt.succeed() : attempt.fail())', by: '(returned ? attempt.succeed() : undefined)' },
    test: unit('ends', 'is no sign of loss for the next one'),
  },
  {
    name: 'Temporal: with several stores an activity says which one it means',
    file: RUN,
    remove: { text: 'others.some(({ store }) => store !== setup.store)', by: '!others' },
    test: unit('several-stores', 'one that names none is refused'),
  },
  {
    name: 'Temporal 14: one store in two interceptors is one store',
    file: RUN,
    remove: { text: 'others.some(({ store }) => store !== setup.store)', by: 'others.length > 0' },
    test: unit('several-stores', 'the same store twice acts once'),
  },
  {
    name: 'Temporal: the stores of several interceptors are known to one run',
    file: 'adapters/temporal/plugin.ts',
    remove: { text: 'if (outer?.context !== context) return', by: 'if (outer !== context) return' },
    test: unit('several-stores', 'one that names both has two attempts'),
  },
  {
    name: 'Temporal: where an object store is down a payload stays in the message',
    file: STORE,
    remove: { text: 'if (!driver.inline || encoded.bytes.length > LARGEST_INLINE) throw error;', by: 'if (driver) throw error;' },
    test: at('external-storage', 'an input, a result and what a workflow passes on stay'),
  },
  {
    name: 'Temporal: a payload that is too large for a message is an error at once',
    file: STORE,
    remove: { text: 'encoded.bytes.length > LARGEST_INLINE', by: 'encoded.bytes.length < 0' },
    test: unit('external-storage/driver', 'it is an error for what no message to the server holds'),
  },
  {
    name: 'Temporal: a payload that was stored just now is not stored again',
    file: STORE,
    remove: { text: '  if (cache.knows(key)) return key;\n', by: '' },
    test: unit('external-storage/driver', 'is one request for a new payload'),
  },
  {
    name: 'Temporal: a payload is the one that was stored',
    file: 'adapters/temporal/external-storage/retrieve.ts',
    remove: {
      text: "if (createHash('sha256').update(bytes).digest('hex') !== claim.sha256)",
      by: 'if (bytes === undefined)',
    },
    test: unit('external-storage/driver', 'refuses other bytes than were stored'),
  },
  {
    name: 'Temporal: a call of an object store is tried again',
    file: 'adapters/temporal/external-storage/transfer.ts',
    remove: { text: 'const TRIES = 5;', by: 'const TRIES = 1;' },
    test: unit('external-storage/driver', 'tries again, and tells nobody of what healed'),
  },
];
