import { FENCE_KEPT } from '../../lifetimes.ts';

/** `orphan(name, digest, json)`: lists an external job that no record holds. */
export const ORPHAN: string = String.raw`
local function orphan(name, digest, json)
  local field = 'o:' .. name .. ':' .. digest
  if redis.call('HEXISTS', KEY, field) == 0 then put(field, instant(now) .. ' ' .. json) end
  keep(now + ${FENCE_KEPT})
end`;
