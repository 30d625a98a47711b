import { FENCE_KEPT } from '../../../lifetimes.ts';
import { OPEN } from '../scope.ts';
import { scopeScript, type Script } from '../script.ts';

/**
 * Draws a fence: max(last draw + 1, the server's microseconds). Two halves of twelve digits add exactly, whatever the number.
 *
 * - KEYS: the scope, its index, its birth.
 * - ARGV: path, recorded.
 * - Answer: `ok` and the fence, 24 digits.
 */
export const DRAW: Script = scopeScript(
  { name: 'draw', writes: true, arguments: {} },
  OPEN,
  String.raw`
local HALF, CARRY = 12, 10 ^ 12
local drawn = string.format('%024.0f', time[1] * 1000000 + time[2])
local last = redis.call('HGET', KEY, 'drawn')
if last and last >= drawn then
  local high, low = tonumber(last:sub(1, HALF)), tonumber(last:sub(HALF + 1)) + 1
  if low == CARRY then high, low = high + 1, 0 end
  drawn = string.format('%012.0f%012.0f', high, low)
end
put('drawn', drawn)
keep(now + ${FENCE_KEPT})
close(false)
return answer('ok', drawn)`,
);
