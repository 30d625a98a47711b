import type { Gap } from '../../src/job/protocol/crash-point.ts';
import { GAP_NAMES } from './gaps.ts';

/** The ways in which the harness ends an attempt before its work is done, and in which gaps of the crash table each can happen. */

/** The ways, and what happens in the gap. */
export const ENDS = {
  kill: 'the worker process dies (SIGKILL)',
  deploy: 'the worker closes, another one takes over',
  cancel: 'somebody cancels the job',
  release: 'the job is released between two polls (G9)',
  stall: 'the worker process stops (SIGSTOP) until another one has taken over, and then goes on',
} as const;

/** One way. */
export type End = keyof typeof ENDS;

/** All ways. */
export const END_NAMES: readonly End[] = Object.keys(ENDS) as End[];

/** The ways that are for some gaps only. */
export const SOME_GAPS: Partial<Record<End, readonly Gap[]>> = {
  release: ['G9'],
  // After the completion nobody can cancel a job.
  cancel: GAP_NAMES.filter((gap) => gap !== 'G12'),
};

/** Whether an attempt can end so in the gap. */
export function canEnd(end: End, gap: Gap): boolean {
  return SOME_GAPS[end]?.includes(gap) ?? true;
}
