import { NEVER } from '../../../../format/head.ts';
import { answer, isLive } from '../clock.ts';
import { AT } from '../places.ts';
import { scopeScript, type Script } from '../script.ts';

/**
 * What an operator sees.
 *
 * - KEYS: the scope.
 * - ARGV: none.
 * - Answer: `ok`, the recorded scope, the holder of the fence, then field and text of each record that counts, of each orphan, and of each item.
 */
export const INSPECT: Script = scopeScript(
  ['key'],
  { name: 'inspect', writes: false, together: 8, arguments: {} },
  String.raw`
local ends, recorded, holder = unpack(redis.call('HMGET', KEY, 'ends', 'scope', 'holder'))
local ended = (tonumber(ends or '') or ${NEVER}) <= now
local found = ${answer('ok', 'recorded', 'holder')}
for _, field in ipairs(redis.call('HKEYS', KEY)) do
  local kind = field:sub(${AT.kind})
  local text = (kind == 'r:' or kind == 'o:' or kind == 'i:') and redis.call('HGET', KEY, field)
  if text and (kind == 'o:' or (not ended and (kind == 'i:' or ${isLive('text')}))) then
    found[#found + 1] = field
    found[#found + 1] = text
  end
end
return found`,
);
