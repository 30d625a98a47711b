/** `mooring/temporal`: state for Temporal activities. Never imported by workflow code, which has `mooring/temporal/workflow`. */
export type { ActivityContext, ActivityRunOptions, ActivityWait } from './activity-context.ts';
export type { ActivityAddress } from './callback.ts';
export { cancellingActivity, type CancellingActivityOptions } from './cancelling-activity.ts';
export { completeActivity, type CompletionClient } from './complete.ts';
export type { ActivityStateOptions } from './options.ts';
export { mooringPlugin, stateInterceptors } from './plugin.ts';
export { resumableActivity, type ResumableActivityOptions } from './resumable-activity.ts';
export { taskContext, type StoreChoice } from './running.ts';
export type { ActivityScope } from './scope.ts';
