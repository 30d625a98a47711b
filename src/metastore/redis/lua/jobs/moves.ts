import { JOB_RANK, RANK_STEP } from '../../../../format/jobs/members.ts';
import { LETTER } from '../places.ts';

/**
 * `move(name, rank, since)` notes that a job goes to another place of the index, or out of it if it has no rank. `moveAll()` does
 * it. It comes after all else: a full server refuses what grows only if a script has written nothing.
 */
export const MOVES: string = String.raw`
local moves = {}
local function move(name, rank, since) moves[#moves + 1] = {name .. ' ' .. PATH, rank, since} end
local function moveAll()
  for _, moved in ipairs(moves) do
    local member, rank, since = unpack(moved)
    if rank then
      redis.call('ZADD', JOBS, string.format('%.0f', rank * ${RANK_STEP} + since), member)
    else
      redis.call('ZREM', JOBS, member)
    end
  end
end
local function rankOf(letter)
  if letter == ${LETTER.submitting} then return ${JOB_RANK.submitting} end
  if letter == ${LETTER.submitted} then return ${JOB_RANK.submitted} end
  if letter == ${LETTER.ambiguous} then return ${JOB_RANK.ambiguous} end
  if letter == ${LETTER.failed} then return ${JOB_RANK.failed} end
  return nil
end`;
