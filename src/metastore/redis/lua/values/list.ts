import { NEVER } from '../../../../format/head.ts';
import { RESULT } from '../../../../format/redis-keys.ts';
import { answer, isLive } from '../clock.ts';
import { AT } from '../places.ts';
import { scopeScript, type Script } from '../script.ts';

/**
 * One page of a user's entries.
 *
 * - KEYS: the scope.
 * - ARGV: cursor (`0` at first), count (about how many fields to look at).
 * - Answer: `ok`, the next cursor, and name and text of each entry that counts.
 */
export const LIST: Script<'cursor' | 'count'> = scopeScript(
  ['key'],
  { name: 'list', writes: false, together: 1, arguments: { cursor: true, count: true } },
  String.raw`
if (tonumber(redis.call('HGET', KEY, 'ends') or '') or ${NEVER}) <= now then return ${answer('ok', "'0'")} end
local cursor, fields = unpack(redis.call('HSCAN', KEY, CURSOR, 'MATCH', 'e:*', 'COUNT', COUNT))
local found = ${answer('ok', 'cursor')}
for at = 1, #fields, 2 do
  local name, text = fields[at]:sub(${AT.name}), fields[at + 1]
  if name:sub(1, ${RESULT.length}) ~= '${RESULT}' and ${isLive('text')} then
    found[#found + 1] = name
    found[#found + 1] = text
  end
end
return found`,
);
