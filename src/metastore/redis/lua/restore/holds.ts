import { answer, isForeign } from '../clock.ts';
import { groups, scopeScript, type ArgumentValue, type Script } from '../script.ts';

const PAIRS = groups('pairs', { name: true, object: true });

/**
 * Whether objects are needed. An entry that only a newer version reads may need any object of its name.
 *
 * - KEYS: the scope.
 * - ARGV: pairs of a name and an object.
 * - Answer: `ok`, and `1` or `0` for each pair.
 */
export const HOLDS: Script<never, Readonly<Record<'name' | 'object', ArgumentValue>>> = scopeScript(
  ['key'],
  { name: 'holds', writes: false, arguments: {}, each: PAIRS },
  String.raw`
local found = ${answer('ok')}
for at = PAIRS, #ARGV, ${PAIRS.size} do
  local text, object = redis.call('HGET', KEY, 'e:' .. ARGV[at + ${PAIRS.at.name}]), ARGV[at + ${PAIRS.at.object}]
  local needed = text and (${isForeign('text')} or text:find(object, 1, true)) or redis.call('HEXISTS', KEY, 's:' .. object) == 1
  found[#found + 1] = needed and '1' or '0'
end
return found`,
);
