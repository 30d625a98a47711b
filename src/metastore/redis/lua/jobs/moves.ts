import { JOB_RANK, RANK_STEP } from '../../../../format/jobs/members.ts';
import { LETTER } from '../places.ts';

/**
 * Moves in the index of jobs. They are collected, and done after all else: a full server refuses what grows only if a script has
 * written nothing.
 */

/** The lists of what goes into the index, as score and member, and of what leaves it. */
export const MOVES: string = 'local enters, leaves = {}, {}';

/** A job goes to another place of the index. The arguments are expressions of Lua. */
export function enter(name: string, rank: string, since: string): string {
  return `enters[#enters + 1] = string.format('%.0f', ${rank} * ${RANK_STEP} + ${since}) enters[#enters + 1] = ${name} .. ' ' .. PATH`;
}

/** A job leaves the index. */
export function leave(name: string): string {
  return `leaves[#leaves + 1] = ${name} .. ' ' .. PATH`;
}

/** Does what was collected. */
export const MOVE_ALL: string = String.raw`
for at = 1, #leaves do redis.call('ZREM', JOBS, leaves[at]) end
for at = 1, #enters, 2 do redis.call('ZADD', JOBS, enters[at], enters[at + 1]) end`;

/** The rank of a record with this letter, a name of Lua; `nil` for none. */
export function rankOf(letter: string): string {
  const ranks = (['submitting', 'submitted', 'ambiguous', 'failed'] as const).map(
    (state) => `${letter} == ${LETTER[state]} and ${JOB_RANK[state]}`,
  );
  return `(${ranks.join(' or ')} or nil)`;
}
