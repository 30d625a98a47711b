import { RESULT } from '../../../../format/redis-keys.ts';
import { BIRTH_SLACK, LATENESS } from '../../../lifetimes.ts';
import { OPEN } from '../scope.ts';
import { scopeScript, values, type ArgumentValue, type Script } from '../script.ts';

/**
 * Installs a fence unless another run holds it or a higher one, notes whether the state was lost, takes the scope's end away, and
 * reads.
 *
 * - KEYS: the scope, its index, its birth.
 * - ARGV: path, recorded, fence, nonce, drawn, first (attempt), created (of the job, milliseconds), holder, job, then names of records.
 * - Answer: `stale` and the holder; or `ok`, whether this very fence was held, when state was lost, and why the job is to be
 *   cancelled. Then, for each name, its record, the entry of its result and that entry's inline value, if they count.
 */
export const BEGIN: Script<'fence' | 'nonce' | 'drawn' | 'first' | 'created' | 'holder' | 'job', ArgumentValue> = scopeScript(
  {
    name: 'begin',
    writes: true,
    arguments: { fence: true, nonce: true, drawn: true, first: true, created: true, holder: true, job: true },
    each: values('records'),
  },
  OPEN,
  String.raw`
if isReplaced(FENCE, NONCE) then return stale() end
local mine = held == FENCE .. ' ' .. NONCE
-- The scope of a finished job ends with its fence: an attempt that slept since its proof would find it new.
if DRAWN == '1' and not mine and FENCE < string.format('%024.0f', (now - ${LATENESS}) * 1000) then return stale() end
local lost = redis.call('HGET', KEY, 'lost')
if not held and FIRST ~= '1' and (tonumber(redis.call('GET', BIRTH)) or now) > CREATED - ${BIRTH_SLACK} then
  lost = instant(now)
  put('lost', lost)
end
hold(FENCE, NONCE)
if not mine then put('holder', HOLDER) end
drop('ends')
ends = nil
close(false)
local TEXT, BODY = 1, 2
local found = answer('ok', mine and '1' or '0', lost, redis.call('HGET', KEY, 'c:' .. JOB))
for at = RECORDS, #ARGV do
  local record, result = redis.call('HGET', KEY, 'r:' .. ARGV[at]), '${RESULT}' .. ARGV[at]
  local entry = redis.call('HMGET', KEY, 'e:' .. result, 'v:' .. result)
  local counts = live(entry[TEXT])
  found[#found + 1] = live(record) and record
  found[#found + 1] = counts and entry[TEXT]
  found[#found + 1] = counts and entry[BODY]
end
return found`,
);
