/** The worker's options in the demo: a dead worker is noticed within some two seconds instead of BullMQ's thirty. */
import type { WorkerOptions } from 'bullmq';

/** Short locks, quick checks, and stalls without end: a stall costs nothing once a job is resumable. */
export const QUICK: Omit<WorkerOptions, 'connection'> = {
  lockDuration: 1_500,
  stalledInterval: 500,
  maxStalledCount: 20,
  autorun: false,
};
