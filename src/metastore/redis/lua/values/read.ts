import { answer, isLive } from '../clock.ts';
import { scopeScript, values, type ArgumentValue, type Script } from '../script.ts';

/** How many names one command takes. */
const AT_ONCE = 1_000;

/**
 * Entries and their inline values.
 *
 * - KEYS: the scope.
 * - ARGV: names.
 * - Answer: `ok`, and for each name its entry and its inline value; nothing for either if the entry does not count.
 */
export const READ: Script<never, ArgumentValue> = scopeScript(
  ['key'],
  { name: 'read', writes: false, arguments: {}, each: values('names') },
  String.raw`
if #ARGV == 1 then
  local name = ARGV[1]
  local found = redis.call('HMGET', KEY, 'ends', 'e:' .. name, 'v:' .. name)
  local ends, text = found[1], found[2]
  if not ${isLive('text')} or ends and tonumber(ends) <= now then return ${answer('ok', 'false', 'false')} end
  return ${answer('ok', 'text', 'found[3]')}
end
local ends = redis.call('HGET', KEY, 'ends')
local ended, found = ends and tonumber(ends) <= now, ${answer('ok')}
for from = NAMES, #ARGV, ${AT_ONCE} do
  local fields = {}
  for at = from, math.min(from + ${AT_ONCE - 1}, #ARGV) do
    fields[2 * (at - from) + 1], fields[2 * (at - from) + 2] = 'e:' .. ARGV[at], 'v:' .. ARGV[at]
  end
  local read = redis.call('HMGET', KEY, unpack(fields))
  for at = 1, #read, 2 do
    local text = read[at]
    local counts = not ended and ${isLive('text')}
    found[#found + 1] = counts and text
    found[#found + 1] = counts and read[at + 1]
  end
end
return found`,
);
