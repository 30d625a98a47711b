/** Guards of the Temporal adapter: the pitfalls of docs/temporal.md, most of them on a real server. */
import type { Guard } from './guard.ts';

const RUN = 'adapters/temporal/activity-run.ts';
const SCOPE = 'adapters/temporal/scope.ts';
const STORE = 'adapters/temporal/payload-store.ts';
const at = (file: string, name: string): Guard['test'] => ({ file: `test/adapter/temporal/${file}.test.ts`, name });
const unit = (file: string, name: string): Guard['test'] => ({ file: `test/unit/temporal/${file}.test.ts`, name });

/** In the order of the page; external storage comes last. */
export const TEMPORAL_GUARDS: readonly Guard[] = [
  {
    name: 'Temporal 1: the time comes first in the fence',
    file: SCOPE,
    remove: { text: 'order: [currentAttemptScheduledTimestampMs, attempt]', by: 'order: [attempt, 0]' },
    test: unit('scope', 'is ordered by when it was scheduled'),
  },
  {
    name: 'Temporal 2: the run is in the scope',
    file: SCOPE,
    remove: {
      text: 'run: joined(workflowExecution.workflowId, workflowExecution.runId),',
      by: 'run: joined(workflowExecution.workflowId),',
    },
    test: unit('scope', 'no two activities share one'),
  },
  {
    name: 'Temporal 3: the time it was scheduled is in the scope',
    file: SCOPE,
    remove: { text: 'joined(activityType, activityId, String(scheduledTimestampMs))', by: 'joined(activityType, activityId)' },
    test: at('scopes', '3 an activity ID that is used again within a run'),
  },
  {
    name: 'Temporal 4: a local activity must choose a scope',
    file: SCOPE,
    remove: { text: '  if (info.isLocal) {\n', by: '  if (info.isLocal && !info.workflowExecution) {\n' },
    test: at('scopes', '4 a local activity that chooses no scope fails'),
  },
  {
    name: 'Temporal 5: only a request cancels the external job',
    file: RUN,
    remove: { text: 'if (context.cancellationDetails?.cancelRequested)', by: 'if (context.cancellationDetails)' },
    test: at('attempts', '5 a pause leaves the external job running'),
  },
  {
    name: 'Temporal 5: and a request does',
    file: RUN,
    remove: { text: '?.cancelRequested) attempt.cancel(reason)', by: '?.timedOut) attempt.cancel(reason)' },
    test: at('cancelling', '5 a cancelled workflow cancels the external job'),
  },
  {
    name: 'Temporal 6: an AbortError becomes the cancellation that it stands for',
    file: 'adapters/temporal/errors.ts',
    remove: { text: 'if (aborted[0] && isAbortError(error)) return', by: 'if (!aborted) return' },
    test: unit('activity', 'an AbortError of the signal never leaves the activity'),
  },
  {
    name: 'Temporal 6: a cancellation in another error stays one',
    file: 'adapters/temporal/errors.ts',
    remove: { text: 'const DEPTH = 10;', by: 'const DEPTH = 1;' },
    test: unit('activity', 'an error that user code wrapped it in does not hide it'),
  },
  {
    name: 'Temporal 8: our heartbeats repeat the user’s details',
    file: 'adapters/temporal/heartbeat.ts',
    remove: { text: 'repeat: () => send(last)', by: 'repeat: () => send(undefined)' },
    test: unit('activity', 'of ours say the user’s last details again'),
  },
  {
    name: 'Temporal 10: a delay is never 0',
    file: 'adapters/temporal/waiting.ts',
    remove: { text: 'Math.max(1, Math.floor(delay))', by: 'Math.floor(delay)' },
    test: unit('waiting', 'never after 0'),
  },
  {
    name: 'Temporal 10: finite attempts are not used up by waiting',
    file: 'adapters/temporal/waiting.ts',
    remove: { text: 'if (most > 0) return hold(', by: 'if (most < 0) return hold(' },
    test: at('waiting', '10 release holds where maximumAttempts is finite'),
  },
  {
    name: 'Temporal 10: nor a deadline passed',
    file: 'adapters/temporal/waiting.ts',
    remove: { text: "milliseconds(after, 'after'), left() - MARGIN)", by: "milliseconds(after, 'after'))" },
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
    remove: { text: '      if (activity.includes(factory)) return worker;\n', by: '' },
    test: at('reporting', '14 a plugin given to the connection and to the worker acts once'),
  },
  {
    name: 'Temporal 18: an attempt that outlives its timeout is refused',
    file: SCOPE,
    remove: { text: 'order: [currentAttemptScheduledTimestampMs, attempt]', by: 'order: [scheduledTimestampMs, 1]' },
    test: at('attempts', '18 an attempt that outlives its heartbeat timeout is refused'),
  },
  {
    name: 'Temporal 19: details that no message can hold are refused in the activity',
    file: 'adapters/temporal/heartbeat.ts',
    remove: { text: '    requireSmall(details, largest);\n', by: '    requireSmall(details, Infinity * largest);\n' },
    test: at('external-storage', 'details that could not stay in a message are refused'),
  },
  {
    name: 'Temporal 22: the type of a failure is the error’s code',
    file: 'adapters/temporal/errors.ts',
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
    file: 'adapters/temporal/waiting.ts',
    remove: { text: "if (leaves === 'async' && waitsFor === 'job') throw", by: "if (leaves === 'async') throw" },
    test: unit('activity', 'leaves nothing to it before there is a job'),
  },
  {
    name: 'Temporal: what activities share outlives each of them',
    file: RUN,
    remove: { text: "filter(({ choice }) => choice === 'activity')", by: 'filter(({ choice }) => choice !== undefined)' },
    test: unit('activity', 'what activities share outlives each of them'),
  },
  {
    name: 'Temporal: with the plugin no heartbeat asks a driver that may fail',
    file: 'adapters/temporal/plugin.ts',
    remove: { text: '      limitDetails(largestDetails(worker.options.loadedDataConverter));\n', by: '' },
    test: at('external-storage', 'no heartbeat asks the driver'),
  },
  {
    name: 'Temporal 23: a submit that may be on its way is waited for',
    file: 'adapters/temporal/cancelling-activity.ts',
    remove: { text: "if (record?.state !== 'submitting') return record;", by: 'if (record === record) return record;' },
    test: at('cancelling', '23 it waits for a submit that is on its way'),
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
    test: unit('external-storage', 'it is an error for what no message to the server holds'),
  },
  {
    name: 'Temporal: a payload that was stored just now is not stored again',
    file: STORE,
    remove: { text: '  if (cache.knows(key)) return key;\n', by: '' },
    test: unit('external-storage', 'is one request for a new payload'),
  },
  {
    name: 'Temporal: a payload is the one that was stored',
    file: 'adapters/temporal/payload-retrieve.ts',
    remove: {
      text: "if (createHash('sha256').update(bytes).digest('hex') !== claim.sha256)",
      by: 'if (bytes === undefined)',
    },
    test: unit('external-storage', 'refuses other bytes than were stored'),
  },
  {
    name: 'Temporal: a call of an object store is tried again',
    file: 'adapters/temporal/payload-transfer.ts',
    remove: { text: 'const TRIES = 5;', by: 'const TRIES = 1;' },
    test: unit('external-storage', 'tries again, and tells nobody of what healed'),
  },
];
