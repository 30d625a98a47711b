import { FENCE_KEPT } from '../../../lifetimes.ts';
import { answer } from '../clock.ts';
import { close, keep, open, putField } from '../scope.ts';
import { writingScript, type Script } from '../script.ts';

/**
 * Draws a fence: max(last draw + 1, the server's microseconds). Two halves of twelve digits add exactly, whatever the number.
 *
 * - KEYS: the scope, its index and its birth.
 * - ARGV: path, recorded.
 * - Answer: `ok` and the fence, 24 digits.
 */
export const DRAW: Script = writingScript(
  { name: 'draw', writes: true, arguments: {} },
  open({ last: "'drawn'" }),
  String.raw`
local HALF, CARRY = 12, 10 ^ 12
local drawn = string.format('%024.0f', time[1] * 1000000 + time[2])
if last and last >= drawn then
  local high, low = tonumber(last:sub(1, HALF)), tonumber(last:sub(HALF + 1)) + 1
  if low == CARRY then high, low = high + 1, 0 end
  drawn = string.format('%012.0f%012.0f', high, low)
end
local kept = now + ${FENCE_KEPT}
${putField("'drawn'", 'drawn')}
${keep('kept')}`,
  close('false'),
  `return ${answer('ok', 'drawn')}`,
);
