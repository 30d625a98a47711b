import { answer } from '../clock.ts';
import { script, type Script } from '../script.ts';

/**
 * Scopes in which something becomes due.
 *
 * - KEYS: the generation, the index and the birth of a shard.
 * - ARGV: from and until (milliseconds), most (how many).
 * - Answer: `ok`, then path and time of each, the longest due first.
 */
export const DUE: Script<'from' | 'until' | 'most'> = script(
  ['generation', 'due', 'birth'],
  { name: 'due', writes: false, arguments: { from: true, until: true, most: true } },
  String.raw`
local found = ${answer('ok')}
for _, part in ipairs(redis.call('ZRANGEBYSCORE', DUE, FROM, UNTIL, 'WITHSCORES', 'LIMIT', 0, MOST)) do
  found[#found + 1] = part
end
return found`,
);
