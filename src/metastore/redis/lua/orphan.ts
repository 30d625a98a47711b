import { JOB_RANK } from '../../../format/jobs/members.ts';
import { FENCE_KEPT } from '../../lifetimes.ts';

/** `orphan(name, digest, json)`: lists an external job that no record holds. Needs `move()`. */
export const ORPHAN: string = String.raw`
local function orphan(name, digest, json)
  local field = 'o:' .. name .. ':' .. digest
  if redis.call('HEXISTS', KEY, field) == 0 then
    put(field, instant(now) .. ' ' .. json)
    move(name .. ':' .. digest, ${JOB_RANK.orphan}, now)
  end
  keep(now + ${FENCE_KEPT})
end`;
