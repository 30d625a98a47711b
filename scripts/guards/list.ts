/** All guards that are proven. */
import type { Guard } from './guard.ts';
import { JOB_GUARDS } from './job.ts';
import { RECORD_GUARDS } from './records.ts';
import { STORAGE_GUARDS } from './storage.ts';

/** The list. */
export const GUARDS: readonly Guard[] = [...STORAGE_GUARDS, ...RECORD_GUARDS, ...JOB_GUARDS];
