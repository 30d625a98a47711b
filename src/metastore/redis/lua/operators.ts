import { FENCE_KEPT, LATENESS, SWEEP_TIME, TOMBSTONE_KEPT } from '../../lifetimes.ts';
import { CLEARED_JSON, NO_ID } from '../../../format/record-head.ts';
import { CHANGE, CLOCK, IDENTITY, OPEN, script, type Script } from './script.ts';
import { ORPHAN } from './records.ts';

/** Scripts for what ends a scope, and for people. */

/**
 * Write ID. Refused while a submit of the scope is unresolved. Entries become tombstones that keep the write ID of what they
 * bury, records the next submission number, active jobs orphans; the fence gets a nonce of its own.
 */
export const CLEAR: Script = script(
  'clear',
  true,
  CLOCK,
  OPEN,
  IDENTITY,
  ORPHAN,
  String.raw`
if redis.call('HGET', KEY, 'cleared') == id then
  touch('cleared', id)
  return answer('ok')
end
local entries, records, kept, superseded = {}, {}, false, false
for _, field in ipairs(redis.call('HKEYS', KEY)) do
  local kind, name = field:sub(1, 2), field:sub(3)
  if kind == 'e:' then entries[name] = redis.call('HGET', KEY, field) end
  if kind == 'r:' then records[name] = redis.call('HGET', KEY, field) end
  if kind == 'o:' or kind == 'i:' then kept = true end
  if kind == 'c:' then drop(field) end
  if kind == 's:' then superseded = true end
  if foreign(entries[name]) or foreign(records[name]) then return answer('foreign', name) end
end
for name, text in pairs(records) do
  if live(text) and (text:sub(2, 2) == 's' or text:sub(2, 2) == 'a') then return answer('ambiguous', name, text) end
end
cover = 0
keep(now + ${TOMBSTONE_KEPT})
drop('ends')
ends = nil
put('cleared', id)
for name, text in pairs(entries) do
  if text:sub(2, 2) == 't' and (tonumber(text:sub(71, 83)) or 0) > now then
    keep(tonumber(text:sub(71, 83)))
  else
    supersede(text, nil)
    bury(name, text:sub(4, 55))
  end
end
for name, text in pairs(records) do
  if live(text) then
    local letter, submission = text:sub(2, 2), tonumber(text:sub(118, 123))
    if letter == 'e' then orphan(name, text:sub(85, 116), text:sub(125)) end
    if letter ~= 'n' then submission = submission + 1 end
    local gone = now + ${FENCE_KEPT}
    put('r:' .. name, '1n ' .. id .. ' ' .. instant(now) .. ' ' .. instant(gone) .. ' ${NO_ID} ' .. string.format('%06.0f', submission) .. ' ${CLEARED_JSON}')
    expires(gone)
  else
    drop('r:' .. name)
  end
end
if held then
  held = held:sub(1, 24) .. ' ' .. nonce
  put('fence', held)
end
if kept then keep(now + ${FENCE_KEPT}) end
if superseded then keep(now + ${SWEEP_TIME}) end
close(true)
return answer('ok')`,
);

/** Name, digest and JSON: listed, unless the record holds that ID. */
export const LIST_ORPHAN: Script = script(
  'listOrphan',
  true,
  CLOCK,
  OPEN,
  ORPHAN,
  String.raw`
local text = redis.call('HGET', KEY, 'r:' .. ARGV[3])
if foreign(text) then return answer('foreign', ARGV[3]) end
local letter = live(text) and text:sub(2, 2)
if (letter == 'e' or letter == 'o' or letter == 'f') and text:sub(85, 116) == ARGV[4] then return answer('held') end
orphan(ARGV[3], ARGV[4], ARGV[5])
close(false)
return answer('listed')`,
);

/** Name and digest of an orphan that is over. */
export const FORGET_ORPHAN: Script = script(
  'forgetOrphan',
  true,
  CLOCK,
  String.raw`
redis.call('HDEL', KEY, 'o:' .. ARGV[3] .. ':' .. ARGV[4])
return {instant(now), '0', 'ok'}`,
);

/** Fence, nonce, lifetime of the scope, whether the fence outlives it. */
export const SETTLE: Script = script(
  'settle',
  true,
  CLOCK,
  OPEN,
  String.raw`
if held ~= ARGV[3] .. ' ' .. ARGV[4] then return answer('ok') end
ends = now + ARGV[5]
local keepFence = ARGV[6] == '1'
put('ends', instant(ends))
if keepFence or isIndexed() then due(ends) end
local gone = math.max(ends + (isIndexed() and ${SWEEP_TIME} or 0), now + ${2 * LATENESS})
if keepFence or #names('o:') > 0 then gone = math.max(gone, now + ${FENCE_KEPT}) end
redis.call('PEXPIREAT', KEY, string.format('%.0f', gone))
close(false)
return answer('ok')`,
);

/** Job and reason: somebody asked for the cancellation of that job. */
export const REQUEST_CANCEL: Script = script(
  'requestCancel',
  true,
  CLOCK,
  OPEN,
  String.raw`
put('c:' .. ARGV[3], ARGV[4])
keep(now + ${FENCE_KEPT})
close(false)
return answer('ok')`,
);

/** Fence, nonce, lifetime, then items that have records. */
export const ADD_ITEMS: Script = script(
  'addItems',
  true,
  CLOCK,
  OPEN,
  CHANGE,
  String.raw`
local fence = held and held:sub(1, 24)
if held and (fence > ARGV[3] or (fence == ARGV[3] and held:sub(26) ~= ARGV[4])) then return stale() end
for i = 6, #ARGV do put('i:' .. ARGV[i], '') end
keep(lifeFrom(ARGV[5]))
close(false)
return answer('ok')`,
);

/** What an operator sees: the recorded scope, then records, orphans and items by field. */
export const INSPECT: Script = script(
  'inspect',
  false,
  CLOCK,
  String.raw`
local head = redis.call('HMGET', KEY, 'ends', 'scope')
local ended = (tonumber(head[1] or '') or NEVER) <= now
local found = {instant(now), '0', 'ok', head[2]}
for _, field in ipairs(redis.call('HKEYS', KEY)) do
  local kind = field:sub(1, 2)
  local text = (kind == 'r:' or kind == 'o:' or kind == 'i:') and redis.call('HGET', KEY, field)
  if text and (kind == 'o:' or (not ended and (kind == 'i:' or live(text)))) then
    found[#found + 1] = field
    found[#found + 1] = text
  end
end
return found`,
);

/**
 * Calls what the scripts of a worker call, so that a missing right, or a server that is full, shows before work begins, and not when
 * half of a write is done. What writes comes last, and so that nothing is left where it is refused; no outcome of it is unknown.
 */
export const TRIAL: Script = script(
  'trial',
  false,
  CLOCK,
  String.raw`
redis.call('HGET', KEY, 'trial')
redis.call('HMGET', KEY, 'trial')
redis.call('HEXISTS', KEY, 'trial')
redis.call('HKEYS', KEY)
redis.call('HSCAN', KEY, 0)
redis.call('EXISTS', KEY)
redis.call('ZSCORE', DUE, 'trial')
redis.call('SET', BIRTH, redis.call('GET', BIRTH) or '', 'XX')
redis.call('ZADD', DUE, 'XX', 'LT', 0, 'trial')
redis.call('PERSIST', KEY)
redis.call('PEXPIREAT', KEY, string.format('%.0f', now + redis.call('PTTL', KEY)))
redis.call('HDEL', KEY, 'trial')
redis.call('HSET', KEY, 'trial', '1')
redis.call('HDEL', KEY, 'trial')
return {instant(now), '0', 'ok'}`,
);
