import type { Info } from '@temporalio/activity';
import { ConfigError, requireKnownNames, type AttemptOptions, type TaskScope } from '../../../src/adapter-kit.ts';

/**
 * From what Temporal knows of an activity to whose state it is and who may write it. The attempt number is in neither: it begins
 * again at 1 when an activity is reset, and a local activity's also when its worker dies.
 */

/**
 * Whose state an activity uses. `'activity'`: this one execution of it, through all its retries. `workflowRun`: a name that
 * activities of one run of a workflow share. `workflow`: one that all runs of a workflow share (retries, resets,
 * continue-as-new). Or a scope of your own. Two activities that are alive at once supersede each other in a scope that they share.
 */
export type ActivityScope = 'activity' | { workflowRun: string } | { workflow: string } | TaskScope;

/** Text parts as one, injectively: an ID may hold the separator. */
function joined(...parts: readonly string[]): string {
  return parts.map((part) => part.replace(/[%/]/g, encodeURIComponent)).join('/');
}

/**
 * The task scope of an activity.
 *
 * @throws {@link ConfigError} for a choice that is none, or that this activity cannot make.
 */
export function scopeOf(info: Info, choice: ActivityScope): TaskScope {
  if (choice === 'activity') return ownScope(info);
  checkScope(choice);
  if ('flow' in choice) return choice;
  const workflow = info.workflowExecution;
  if (!workflow) throw new ConfigError('scope', 'must be a task scope of your own: this activity has no workflow', choice);
  // Names hold no separator, and so never meet the task of a single activity.
  if ('workflowRun' in choice) {
    return { flow: flowOf(info), run: joined(workflow.workflowId, workflow.runId), task: joined(choice.workflowRun) };
  }
  return { flow: flowOf(info), run: joined(workflow.workflowId), task: joined(choice.workflow) };
}

/**
 * Refuses what is no choice of a scope, before an activity runs.
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
    ? // The same ID may be used again within a run, once the activity that had it is over.
      [joined(workflowExecution.workflowId, workflowExecution.runId), joined(activityType, activityId, since)]
    : [joined('activity', activityId, activityRunId ?? since), joined(activityType)];
  return { flow: flowOf(info), run, task };
}

const LOCAL =
  'must be chosen for a local activity: its ID and its attempts begin again when its worker dies; give it { workflowRun: name }, or make it an ordinary activity';

/** What an operator lists by: the namespace, which older versions of the SDK name by the activity, and the workflow's type if there is one. */
function flowOf({ namespace, activityNamespace, workflowType }: Info): string {
  return joined(namespace ?? activityNamespace, ...(workflowType === undefined ? [] : [workflowType]));
}

/** The activity, by what no other one has. A local activity's ID and time are new when its worker dies, and its result must be found. */
function jobIdOf({ isLocal, activityId, activityType, activityRunId, scheduledTimestampMs, workflowExecution }: Info): string {
  const since = String(scheduledTimestampMs);
  if (!workflowExecution) return joined('activity', activityId, activityRunId ?? since);
  const { workflowId, runId } = workflowExecution;
  return isLocal ? joined(workflowId, runId, activityType) : joined(workflowId, runId, activityId, since);
}

/** What `beginAttempt()` wants to know of an attempt. */
type AttemptFacts = Pick<AttemptOptions, 'attempt' | 'first' | 'createdAt' | 'jobId' | 'fence'>;

/** The facts of this attempt. `rerun` counts how often it ran the activity's code before. */
export function attemptFacts(info: Info, choice: ActivityScope, rerun: number): AttemptFacts {
  const { attempt, scheduledTimestampMs, currentAttemptScheduledTimestampMs } = info;
  return {
    attempt,
    // No activity knows whether it is the first in a scope that activities share.
    first: choice === 'activity' && attempt === 1 && rerun === 0 && currentAttemptScheduledTimestampMs === scheduledTimestampMs,
    createdAt: new Date(scheduledTimestampMs),
    jobId: jobIdOf(info),
    // The time grows with every attempt that is dispatched, also after a reset; the number orders attempts of one millisecond.
    fence: { kind: 'ordered', order: [currentAttemptScheduledTimestampMs, Math.min(attempt, 99_000) * 1_000 + rerun] },
  };
}
