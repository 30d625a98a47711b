import { answer } from '../clock.ts';
import { script, type Script } from '../script.ts';

/**
 * What was not run twice on a day.
 *
 * - KEYS: the savings of the day.
 * - ARGV: none.
 * - Answer: `ok`, then names and numbers: `reconnects`, `time` (milliseconds), `cost <currency>`.
 */
export const SAVED: Script = script(
  ['day'],
  { name: 'saved', writes: false, arguments: {} },
  String.raw`
local found = ${answer('ok')}
for _, field in ipairs(redis.call('HKEYS', DAY)) do
  found[#found + 1] = field
  found[#found + 1] = redis.call('HGET', DAY, field)
end
return found`,
);
