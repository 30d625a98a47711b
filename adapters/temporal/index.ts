/** `mooring/temporal`: state for Temporal activities. Never imported by workflow code, which has `mooring/temporal/workflow`. */
export type { ActivityContext, ActivityRunOptions, ActivityWait } from './activity/context.ts';
export { cancellingActivity, type CancellingActivityOptions } from './activity/cancelling.ts';
export { completeActivity, type ActivityAddress, type CompletionClient } from './activity/complete.ts';
export type { ActivityStateOptions } from './options.ts';
export { mooringPlugin, stateInterceptors } from './plugin.ts';
export { resumableActivity, type ResumableActivityOptions } from './activity/resumable.ts';
export { taskContext, type StoreChoice } from './activity/running.ts';
export type { ActivityScope } from './activity/scope.ts';
