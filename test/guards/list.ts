/** All guards that are proven. */
import { DRILL_GUARDS } from './drill.ts';
import type { Guard } from './guard.ts';
import { CALLBACK_GUARDS } from './callbacks.ts';
import { JOB_GUARDS } from './job.ts';
import { JOB_INDEX_GUARDS } from './job-index.ts';
import { MAINTENANCE_GUARDS } from './maintenance.ts';
import { NOT_SUBMITTED_GUARDS } from './not-submitted.ts';
import { OBJECT_STORE_GUARDS } from './object-store.ts';
import { RECORD_GUARDS } from './records.ts';
import { REDIS_GUARDS } from './redis.ts';
import { S3_GUARDS } from './s3.ts';
import { SECRET_GUARDS } from './secrets.ts';
import { STORAGE_GUARDS } from './storage.ts';
import { SWEEP_GUARDS } from './sweep.ts';
import { TEMPORAL_GUARDS } from './temporal.ts';

/** The table. */
export const GUARDS: readonly Guard[] = [
  ...STORAGE_GUARDS,
  ...SWEEP_GUARDS,
  ...MAINTENANCE_GUARDS,
  ...OBJECT_STORE_GUARDS,
  ...S3_GUARDS,
  ...RECORD_GUARDS,
  ...JOB_GUARDS,
  ...JOB_INDEX_GUARDS,
  ...NOT_SUBMITTED_GUARDS,
  ...CALLBACK_GUARDS,
  ...REDIS_GUARDS,
  ...TEMPORAL_GUARDS,
  ...DRILL_GUARDS,
  ...SECRET_GUARDS,
];
