import { NEVER } from '../../../../format/head.ts';
import { scopeScript, values, type ArgumentValue, type Script } from '../script.ts';

/**
 * Entries and their inline values.
 *
 * - KEYS: the scope, its index, its birth.
 * - ARGV: path, recorded, then names.
 * - Answer: `ok`, and for each name its entry and its inline value; nothing for either if the entry does not count.
 */
export const READ: Script<never, ArgumentValue> = scopeScript(
  { name: 'read', writes: false, arguments: {}, each: values('names') },
  String.raw`
local ended = (tonumber(redis.call('HGET', KEY, 'ends') or '') or ${NEVER}) <= now
local found, TEXT, BODY = answer('ok'), 1, 2
for at = NAMES, #ARGV do
  local entry = redis.call('HMGET', KEY, 'e:' .. ARGV[at], 'v:' .. ARGV[at])
  local counts = not ended and live(entry[TEXT])
  found[#found + 1] = counts and entry[TEXT]
  found[#found + 1] = counts and entry[BODY]
end
return found`,
);
