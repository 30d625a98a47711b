import { RESULT } from '../../../../format/redis-keys.ts';
import { BIRTH_SLACK, LATENESS } from '../../../lifetimes.ts';
import { answer, isLive } from '../clock.ts';
import { HEAD_SIZE, STALE, close, dropField, hold, isReplaced, openList, putField } from '../scope.ts';
import { writingScript, values, type ArgumentValue, type Script } from '../script.ts';

/** Notes that the state was lost, if a fence should be there and is not. A scope without a fence needs its birth. */
const NOTE_LOST = (wide: boolean): string =>
  wide
    ? String.raw`
if not held and FIRST ~= '1' and (tonumber(redis.call('GET', BIRTH)) or now) > CREATED - ${BIRTH_SLACK} then
  lost = instant
  ${putField("'lost'", 'lost')}
end`
    : `if not held and FIRST ~= '1' then return ${answer('wider')} end`;

/**
 * Installs a fence unless another run holds it or a higher one, notes whether the state was lost, takes the scope's end away, and
 * reads.
 *
 * - KEYS: the scope, its index and its birth.
 * - ARGV: path, recorded, fence, nonce, drawn, first (attempt), created (of the job, milliseconds), holder, job, then names of records.
 * - Answer: `stale` and the holder; or `ok`, whether this very fence was held, when state was lost, and why the job is to be
 *   cancelled. Then, for each name, its record, the entry of its result and that entry's inline value, if they count.
 */
export const BEGIN: Script<'fence' | 'nonce' | 'drawn' | 'first' | 'created' | 'holder' | 'job', ArgumentValue> = writingScript(
  {
    name: 'begin',
    writes: true,
    arguments: { fence: true, nonce: true, drawn: true, first: true, created: true, holder: true, job: true },
    each: values('records'),
  },
  String.raw`
local fields = {'ends', 'until', 'fence', 'sweep', 'lost', 'c:' .. JOB}
for at = RECORDS, #ARGV do
  local result = '${RESULT}' .. ARGV[at]
  fields[#fields + 1] = 'r:' .. ARGV[at]
  fields[#fields + 1] = 'e:' .. result
  fields[#fields + 1] = 'v:' .. result
end`,
  openList('fields'),
  String.raw`
local lost, cancel = head[${HEAD_SIZE + 1}], head[${HEAD_SIZE + 2}]
if ${isReplaced('FENCE', 'NONCE')} then ${STALE} end
local mine = held == FENCE .. ' ' .. NONCE
-- The scope of a finished job ends with its fence: an attempt that slept since its proof would find it new.
if DRAWN == '1' and not mine and FENCE < string.format('%0${24}.0f', (now - ${LATENESS}) * 1000) then ${STALE} end`,
  NOTE_LOST,
  hold('FENCE', 'NONCE'),
  String.raw`
if not mine then ${putField("'holder'", 'HOLDER')} end
if ends then
  ${dropField("'ends'")}
  ends = nil
end`,
  close('false'),
  String.raw`
local found = ${answer('ok', "mine and '1' or '0'", 'lost', 'cancel')}
for at = ${HEAD_SIZE + 3}, #fields, 3 do
  local record, entry = head[at], head[at + 1]
  local counts = ${isLive('entry')}
  found[#found + 1] = ${isLive('record')} and record
  found[#found + 1] = counts and entry
  found[#found + 1] = counts and head[at + 2]
end
return found`,
);
