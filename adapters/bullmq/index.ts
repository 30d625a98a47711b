/** `mooring/bullmq`: state for BullMQ processors. Loads no BullMQ. */
export { cancelJob, type CancelJobOptions } from './cancel.ts';
export { taskContext } from './attempt/context.ts';
export { attach } from './worker/lifecycle.ts';
export type { ProcessorOptions } from './options.ts';
export { resumableProcessor, runWithState, withState } from './processor.ts';
export type { BullJob, BullQueue, BullWorker, ResumableProcessor } from './runtime.ts';
export { wake, type Wake, type WakeOptions } from './wake.ts';
