/** The ways in which an attempt ends before its work is done, and in which gaps of the crash table each can happen. */
import { GAP_NAMES, type Gap } from '../gaps.ts';

/** The ways, and what happens in the gap. */
export const ENDS = {
  kill: 'the worker process dies (SIGKILL)',
  release: 'the job is released: in G4 since the external system asks for patience, in G9 between two polls',
  deploy: 'the worker closes, another one takes over',
  cancel: 'somebody cancels the job',
  failure: 'the external job fails once; in G11 the worker closes as that is written',
  outage: 'the metastore stops (SIGSTOP) for longer than a command may take',
  stall: 'the worker process stops (SIGSTOP) until another one has taken over, and then goes on',
} as const;

/** One way. */
export type End = keyof typeof ENDS;

/** All ways. */
export const END_NAMES: readonly End[] = Object.keys(ENDS) as End[];

/** The ways as lines of a help text. */
export const END_LIST: string = Object.entries(ENDS)
  .map(([end, what]) => `    ${end.padEnd(8)} ${what}`)
  .join('\n');

const SOME_GAPS: Partial<Record<End, readonly Gap[]>> = {
  release: ['G4', 'G9'],
  // After the completion nobody can cancel a job.
  cancel: GAP_NAMES.filter((gap) => gap !== 'G12'),
  failure: ['G10', 'G11'],
};

/** Whether an attempt can end so in the gap. */
export function canEnd(end: End, gap: Gap): boolean {
  return SOME_GAPS[end]?.includes(gap) ?? true;
}

/** A way by its name. @throws Error that lists the names. */
export function parseEnd(text: string): End {
  const end = END_NAMES.find((name) => name === text);
  if (end === undefined) throw new Error(`--end is one of ${END_NAMES.join(', ')} or all, received ${text}`);
  return end;
}
