import type { Info } from '@temporalio/activity';
import { ConfigError, requireKnownNames, type AttemptOptions, type TaskScope } from '../../../src/adapter-kit.ts';

/**
 * Derives the scope and the fence of an activity from Temporal's facts. The attempt number is in neither: it begins again at 1 if
 * an activity is reset, or if the worker of a local activity dies.
 */

/**
 * The scope of an activity's state. `'activity'`: this one execution, through all its retries. `workflowRun`: a name that
 * activities of one run of a workflow share. `workflow`: one that all runs of a workflow share (retries, resets,
 * continue-as-new). Or a scope of your own. Two activities that run at the same time supersede each other in a shared scope.
 */
export type ActivityScope = 'activity' | { workflowRun: string } | { workflow: string } | TaskScope;

/** Joins text parts without collisions: an ID may hold the separator. */
function joined(...parts: readonly string[]): string {
  return parts.map((part) => part.replace(/[%/]/g, encodeURIComponent)).join('/');
}

/**
 * The task scope of an activity.
 *
 * @throws {@link ConfigError} for an invalid choice, or one that this activity cannot make.
 */
export function scopeOf(info: Info, choice: ActivityScope): TaskScope {
  if (choice === 'activity') return ownScope(info);
  checkScope(choice);
  if ('flow' in choice) return choice;
  const workflow = info.workflowExecution;
  if (!workflow) throw new ConfigError('scope', 'must be a task scope of your own: this activity has no workflow', choice);
  // Names hold no separator, so they never equal the task of a single activity.
  if ('workflowRun' in choice) {
    return { flow: flowOf(info), run: joined(workflow.workflowId, workflow.runId), task: joined(choice.workflowRun) };
  }
  return { flow: flowOf(info), run: joined(workflow.workflowId), task: joined(choice.workflow) };
}

/**
 * Refuses an invalid choice of a scope before an activity runs.
 *
 * @throws {@link ConfigError}
 */
export function checkScope(choice: ActivityScope): void {
  if (choice === 'activity') return;
  requireKnownNames('scope', choice, NAMES);
  const named = 'workflowRun' in choice ? choice.workflowRun : 'workflow' in choice ? choice.workflow : undefined;
  const sound =
    'flow' in choice ? named === undefined : typeof named === 'string' && named !== '' && Object.keys(choice).length === 1;
  if (!sound) {
    throw new ConfigError('scope', "must be 'activity', { workflowRun: name }, { workflow: name } or a task scope", choice);
  }
}

const NAMES = { workflowRun: true, workflow: true, flow: true, run: true, task: true, mapIndex: true, itemKey: true } as const;

function ownScope(info: Info): TaskScope {
  const { activityId, activityType, workflowExecution, activityRunId } = info;
  const since = String(info.scheduledTimestampMs);
  if (info.isLocal) throw new ConfigError('scope', LOCAL);
  const [run, task] = workflowExecution
    ? // An ID may be used again within a run, once the activity that had it is over.
      [joined(workflowExecution.workflowId, workflowExecution.runId), joined(activityType, activityId, since)]
    : [joined('activity', activityId, activityRunId ?? since), joined(activityType)];
  return { flow: flowOf(info), run, task };
}

const LOCAL =
  'must be chosen for a local activity: its ID and its attempts begin again when its worker dies; give it { workflowRun: name }, or make it an ordinary activity';

/**
 * The flow, by which operators list: the namespace, and the workflow's type if there is one. Older versions of the SDK give the
 * namespace with the activity.
 */
function flowOf({ namespace, activityNamespace, workflowType }: Info): string {
  return joined(namespace ?? activityNamespace, ...(workflowType === undefined ? [] : [workflowType]));
}

/**
 * The identity of the activity. A local activity gets a new ID and time when its worker dies, but its result must still be found.
 */
function jobIdOf({ isLocal, activityId, activityType, activityRunId, scheduledTimestampMs, workflowExecution }: Info): string {
  const since = String(scheduledTimestampMs);
  if (!workflowExecution) return joined('activity', activityId, activityRunId ?? since);
  const { workflowId, runId } = workflowExecution;
  return isLocal ? joined(workflowId, runId, activityType) : joined(workflowId, runId, activityId, since);
}

/** The facts that `beginAttempt()` needs. */
type AttemptFacts = Pick<AttemptOptions, 'attempt' | 'first' | 'createdAt' | 'jobId' | 'fence'>;

/** The facts of this attempt. `rerun` counts how often it ran the activity's code before. */
export function attemptFacts(info: Info, choice: ActivityScope, rerun: number): AttemptFacts {
  const { attempt, scheduledTimestampMs, currentAttemptScheduledTimestampMs } = info;
  return {
    attempt,
    // In a shared scope, no activity knows whether it is the first.
    first: choice === 'activity' && attempt === 1 && rerun === 0 && currentAttemptScheduledTimestampMs === scheduledTimestampMs,
    createdAt: new Date(scheduledTimestampMs),
    jobId: jobIdOf(info),
    // The time grows with every attempt that is dispatched, also after a reset; the number orders attempts of one millisecond.
    fence: { kind: 'ordered', order: [currentAttemptScheduledTimestampMs, Math.min(attempt, 99_000) * 1_000 + rerun] },
  };
}
