import type { Info } from '@temporalio/activity';
import { ConfigError, requireKnownNames, type AttemptOptions, type TaskScope } from '../../src/index.ts';

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
  requireKnownNames('scope', choice, {
    workflowRun: true,
    workflow: true,
    flow: true,
    run: true,
    task: true,
    mapIndex: true,
    itemKey: true,
  });
  const named = 'workflowRun' in choice ? choice.workflowRun : 'workflow' in choice ? choice.workflow : undefined;
  const sound =
    'flow' in choice ? named === undefined : typeof named === 'string' && named !== '' && Object.keys(choice).length === 1;
  if (!sound) {
    throw new ConfigError('scope', "must be 'activity', { workflowRun: name }, { workflow: name } or a task scope", choice);
  }
}

function ownScope(info: Info): TaskScope {
  const { activityId, activityType, workflowExecution, scheduledTimestampMs, activityRunId } = info;
  if (info.isLocal) {
    throw new ConfigError(
      'scope',
      'must be chosen for a local activity: its ID and its attempts begin again when its worker dies; give it { workflowRun: name }, or make it an ordinary activity',
    );
  }
  if (workflowExecution) {
    return {
      flow: flowOf(info),
      run: joined(workflowExecution.workflowId, workflowExecution.runId),
      // The same ID may be used again within a run, once the activity that had it is over.
      task: joined(activityType, activityId, String(scheduledTimestampMs)),
    };
  }
  return {
    flow: flowOf(info),
    run: joined('activity', activityId, activityRunId ?? String(scheduledTimestampMs)),
    task: joined(activityType),
  };
}

/** What an operator lists by: the namespace, and the workflow's type where there is one. */
function flowOf(info: Info): string {
  return joined(namespaceOf(info), ...(info.workflowType === undefined ? [] : [info.workflowType]));
}

/** The namespace, also in versions of the SDK that name it by the activity. */
function namespaceOf(info: Info): string {
  return info.namespace ?? info.activityNamespace;
}

/** What `beginAttempt()` wants to know of this attempt. */
export function attemptFacts(
  info: Info,
  choice: ActivityScope,
): Pick<AttemptOptions, 'attempt' | 'first' | 'createdAt' | 'fence'> {
  const { attempt, scheduledTimestampMs, currentAttemptScheduledTimestampMs } = info;
  return {
    attempt,
    // Of a scope that activities share, no activity knows whether it is the first.
    first: choice === 'activity' && attempt === 1 && currentAttemptScheduledTimestampMs === scheduledTimestampMs,
    createdAt: new Date(scheduledTimestampMs),
    // The time grows with every attempt that is dispatched, also after a reset; the number orders attempts of one millisecond.
    fence: { kind: 'ordered', order: [currentAttemptScheduledTimestampMs, attempt] },
  };
}
