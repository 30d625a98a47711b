import { NEVER } from '../../../../format/head.ts';
import { FENCE_KEPT, KEPT_IN_STEPS_OF } from '../../../lifetimes.ts';
import { answer } from '../clock.ts';
import { AT, instantText } from '../places.ts';
import { scopeScript, type Script } from '../script.ts';

/** A scope has fewer fields than this that exist once. */
const BOOKKEEPING = 16;

/**
 * Ends a sweep of a scope: it goes into the index with its next time, if nothing became due since the sweep's first page.
 *
 * - KEYS: the scope, its index.
 * - ARGV: path, nonce, nextDue (milliseconds, or nothing).
 * - Answer: `ok`.
 */
export const SWEEP_END: Script<'nonce' | 'nextDue'> = scopeScript(
  ['key', 'due'],
  { name: 'sweepEnd', writes: true, arguments: { nonce: true, nextDue: true } },
  String.raw`
local there = redis.call('EXISTS', KEY) == 1
if there and redis.call('HGET', KEY, 'sweep') ~= NONCE then return ${answer('ok')} end
redis.call('HDEL', KEY, 'sweep')
if there and NEXT_DUE ~= '' then
  redis.call('ZADD', DUE, NEXT_DUE, PATH)
  return ${answer('ok')}
end
redis.call('ZREM', DUE, PATH)
-- A scope that was kept without end goes as a fence does once it holds nothing any more.
if there and tonumber(redis.call('HGET', KEY, 'until') or '') == ${NEVER} and redis.call('HLEN', KEY) <= ${BOOKKEEPING} then
  for _, field in ipairs(redis.call('HKEYS', KEY)) do
    if field:sub(${AT.kind}):find(':', 1, true) then return ${answer('ok')} end
  end
  local kept = math.ceil((now + ${FENCE_KEPT}) / ${KEPT_IN_STEPS_OF}) * ${KEPT_IN_STEPS_OF}
  redis.call('HSET', KEY, 'until', ${instantText('kept')})
  redis.call('PEXPIREAT', KEY, string.format('%.0f', kept))
end
return ${answer('ok')}`,
);
