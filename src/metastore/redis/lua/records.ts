import { BIRTH_SLACK, FENCE_KEPT, LATENESS } from '../../lifetimes.ts';
import { CHANGE, CLOCK, IDENTITY, OPEN, script, type Script } from './script.ts';

/** Scripts for fences and records. */

/** Draws max(last draw + 1, the server's microseconds). Two halves of twelve digits add exactly, whatever the number. */
export const DRAW: Script = script(
  'draw',
  true,
  CLOCK,
  OPEN,
  String.raw`
local drawn = string.format('%024.0f', time[1] * 1000000 + time[2])
local last = redis.call('HGET', KEY, 'drawn')
if last and last >= drawn then
  local high, low = tonumber(last:sub(1, 12)), tonumber(last:sub(13)) + 1
  if low == 1000000000000 then high, low = high + 1, 0 end
  drawn = string.format('%012.0f%012.0f', high, low)
end
put('drawn', drawn)
keep(now + ${FENCE_KEPT})
close(false)
return answer('ok', drawn)`,
);

/**
 * Fence, nonce, whether drawn, whether a first attempt, when the job was created, holder, job, then names of records. Installs the fence unless
 * another run holds it or a higher one, notes whether the state was lost, takes the scope's end away, and reads.
 */
export const BEGIN: Script = script(
  'begin',
  true,
  CLOCK,
  OPEN,
  String.raw`
local fence, nonce, drawn, first, created = ARGV[3], ARGV[4], ARGV[5] == '1', ARGV[6] == '1', tonumber(ARGV[7])
local mine = held == fence .. ' ' .. nonce
if held and not mine and held:sub(1, 24) >= fence then return stale() end
-- The scope of a finished job ends with its fence: an attempt that slept since its proof would find it new.
if drawn and not mine and fence < string.format('%024.0f', (now - ${LATENESS}) * 1000) then return stale() end
local lost = redis.call('HGET', KEY, 'lost')
if not held and not first and (tonumber(redis.call('GET', BIRTH)) or now) > created - ${BIRTH_SLACK} then
  lost = instant(now)
  put('lost', lost)
end
held = fence .. ' ' .. nonce
put('fence', held)
if not mine then put('holder', ARGV[8]) end
drop('ends')
ends = nil
close(false)
local found = answer('ok', mine and '1' or '0', lost, redis.call('HGET', KEY, 'c:' .. ARGV[9]))
for i = 10, #ARGV do
  local record = redis.call('HGET', KEY, 'r:' .. ARGV[i])
  local result = redis.call('HMGET', KEY, 'e:result=' .. ARGV[i], 'v:result=' .. ARGV[i])
  local counts = live(result[1])
  found[#found + 1] = live(record) and record
  found[#found + 1] = counts and result[1]
  found[#found + 1] = counts and result[2]
end
return found`,
);

/** `orphan(name, digest, JSON)`: lists an external job that no record holds. */
export const ORPHAN: string = String.raw`
local function orphan(name, digest, json)
  local field = 'o:' .. name .. ':' .. digest
  if redis.call('HEXISTS', KEY, field) == 0 then put(field, instant(now) .. ' ' .. json) end
  keep(now + ${FENCE_KEPT})
end`;

/** `record(at)`: puts the record whose arguments begin at `at`: name, letter, submission, digest, JSON, lifetime. Any write of an ID takes it off the orphans. */
const PUT_RECORD = String.raw`
local function holdsId(letter) return letter == 'e' or letter == 'o' or letter == 'f' end
local function liveRecord(name)
  local text = redis.call('HGET', KEY, 'r:' .. name)
  return live(text) and text
end
local function record(at)
  local name, letter, submission, digest, json = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local gone = lifeFrom(ARGV[at + 5])
  put('r:' .. name, '1' .. letter .. ' ' .. id .. ' ' .. instant(now) .. ' ' .. instant(gone) .. ' ' .. digest .. ' ' .. submission .. ' ' .. json)
  if holdsId(letter) then drop('o:' .. name .. ':' .. digest) end
  expires(gone)
  return gone
end`;

/**
 * Write ID, the record, its basis, whether it withdraws, digest and JSON of the job that it replaces, and perhaps a change for the result. The order of the checks is that of
 * `docs/design.md`: the same write ID; the exception for the very `submitting` that this attempt wrote; the fence; the sequence;
 * what was decided on, or another ID; the attempt's own fence.
 */
export const WRITE_RECORD: Script = script(
  'writeRecord',
  true,
  CLOCK,
  OPEN,
  CHANGE,
  IDENTITY,
  ORPHAN,
  PUT_RECORD,
  String.raw`
local name, letter, digest, basis, withdraw = ARGV[4], ARGV[5], ARGV[7], ARGV[10], ARGV[11] == '1'
local text = liveRecord(name)
if foreign(text) then return answer('foreign', name) end
if text and text:sub(4, 55) == id then
  touch('r:' .. name, text)
  return answer('ok', text:sub(57, 69), text:sub(71, 83))
end
local gone = not held or held:sub(1, 24) < fence
local mine = text and text:sub(2, 2) == 's' and own(text) and not laterOwn(text)
if not (mine and (letter == 'e' or withdraw)) then
  if withdraw then return stale() end
  if held and newer(held:sub(1, 24), held:sub(26)) then return stale() end
  if text and newer(text:sub(4, 27), text:sub(29, 44)) then return stale() end
  if text and laterOwn(text) then return answer('old') end
  if holdsId(letter) then
    local other = text and holdsId(text:sub(2, 2)) and (text:sub(85, 116) ~= digest or (letter == 'e' and text:sub(2, 2) ~= 'e'))
    if other then return answer('changed') end
  elseif (text and text:sub(4, 55) or '') ~= basis then
    return answer('changed')
  end
  if letter == 's' and gone then return answer('gone') end
end
local result = ARGV[14] and redis.call('HGET', KEY, 'e:' .. ARGV[14])
if foreign(result) then return answer('foreign', ARGV[14]) end
local expiresAt = record(4)
if ARGV[12] ~= '' then orphan(name, ARGV[12], ARGV[13]) end
if gone then
  held = fence .. ' ' .. nonce
  put('fence', held)
end
if ARGV[14] then change(14, result, id) end
close(false)
return answer('ok', instant(now), instant(expiresAt))`,
);

/** A person's answer: write ID, the record, its basis. Decided by the record's write ID alone. */
export const ANSWER_RECORD: Script = script(
  'answerRecord',
  true,
  CLOCK,
  OPEN,
  CHANGE,
  IDENTITY,
  PUT_RECORD,
  String.raw`
local text = liveRecord(ARGV[4])
if foreign(text) then return answer('foreign', ARGV[4]) end
local current = text and text:sub(4, 55) or 'absent'
if current == id then
  touch('r:' .. ARGV[4], text)
  return answer('ok')
end
if current ~= ARGV[10] then return answer('conflict', current) end
record(4)
close(false)
return answer('ok')`,
);

/** Name, basis and lifetime: a record that an attempt waits on is kept longer, never shorter. */
export const REFRESH: Script = script(
  'refresh',
  true,
  CLOCK,
  OPEN,
  CHANGE,
  String.raw`
local text = redis.call('HGET', KEY, 'r:' .. ARGV[3])
if not live(text) or foreign(text) or text:sub(4, 55) ~= ARGV[4] then return answer('ok') end
local gone = math.max(tonumber(text:sub(71, 83)), lifeFrom(ARGV[5]))
put('r:' .. ARGV[3], text:sub(1, 70) .. instant(gone) .. text:sub(84))
expires(gone)
close(false)
return answer('ok')`,
);
