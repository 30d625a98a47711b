/** The ways in which an attempt ends before its work is done: those of the harness, and those that our own external system and our own Redis can show. */
import * as harness from '../../drill/harness/ends.ts';
import type { Gap } from '../../src/job/protocol/crash-point.ts';

const { kill, deploy, cancel, stall } = harness.ENDS;

/** The ways, and what happens in the gap. */
export const ENDS = {
  kill,
  release: 'the job is released: in G4 since the external system asks for patience, in G9 between two polls',
  deploy,
  cancel,
  failure: 'the external job fails once; in G11 the worker closes as that is written',
  outage: 'the metastore stops (SIGSTOP) for longer than a command may take',
  failover: 'the master of the metastore is killed, and Sentinel gives its place to a replica',
  freeze: 'the master stops (SIGSTOP), and goes on when Sentinel has given its place to a replica',
  node: 'the node of a Cluster that has the state is killed, and a replica takes its place',
  reshard: 'all state moves to another node of a Cluster, while the attempt goes on',
  stall,
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
  ...harness.SOME_GAPS,
  release: ['G4', 'G9'],
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
