import { answer } from '../clock.ts';
import { script, type Script } from '../script.ts';

/** How long the savings of a day are kept, in milliseconds. */
const KEPT = 400 * 24 * 3_600_000;

/**
 * Counts work that was not run twice.
 *
 * - KEYS: the savings of a day.
 * - ARGV: time (milliseconds), amount and currency (or nothing).
 * - Answer: `ok`.
 */
export const SAVE: Script<'time' | 'amount' | 'currency'> = script(
  ['day'],
  { name: 'save', writes: true, arguments: { time: true, amount: true, currency: true } },
  String.raw`
local function add(field, more, format)
  local before = tonumber(redis.call('HGET', DAY, field) or '') or 0
  redis.call('HSET', DAY, field, string.format(format, before + more))
end
add('reconnects', 1, '%.0f')
add('time', TIME, '%.0f')
if AMOUNT ~= '' then add('cost ' .. CURRENCY, AMOUNT, '%.6f') end
redis.call('PEXPIREAT', DAY, string.format('%.0f', now + ${KEPT}))
return ${answer('ok')}`,
);
