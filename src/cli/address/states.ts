import type { JobState } from '../../index.ts';

/** The states in which a job is not over, or has failed. An index has them all. */
export const OPEN_STATES: readonly JobState[] = ['ambiguous', 'submitting', 'submitted', 'failed'];
