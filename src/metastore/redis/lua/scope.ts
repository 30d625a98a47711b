import { NEVER } from '../../../format/head.ts';
import { FENCE_KEPT, GRACE, KEPT_IN_STEPS_OF, SWEEP_TIME, TOMBSTONE_KEPT } from '../../lifetimes.ts';
import { AT, LETTER, head } from './places.ts';

/**
 * Opens a scope for a write. `put`, `drop`, `keep`, `expires` and `due` collect what is to change; `flush` does it, and `close`
 * also sets how long the hash is kept. A scope whose time after success is over starts empty; `emptied` names what it held.
 */
export const OPEN: string = String.raw`
local ends, before, held = unpack(redis.call('HMGET', KEY, 'ends', 'until', 'fence'))
ends, before = tonumber(ends or ''), tonumber(before or '') or 0
local hadEnd = ends ~= nil
-- A scope that is there was written by a script, which left the birth of its shard.
born = before == 0 and redis.call('EXISTS', BIRTH) == 0
if born then redis.call('SET', BIRTH, instant(now)) end

local indexed, cover, firstEnd, dueAt, puts, drops, emptied = nil, before, ${NEVER}, nil, {}, {}, {}
local function stale() return answer('stale', redis.call('HGET', KEY, 'holder')) end
local function put(field, value)
  puts[#puts + 1] = field
  puts[#puts + 1] = value
end
local function drop(field) drops[#drops + 1] = field end
local function keep(at) if at > cover then cover = at end end
local function expires(at)
  keep(at)
  if at < firstEnd then firstEnd = at end
end
local function isIndexed()
  if indexed == nil then indexed = redis.call('ZSCORE', DUE, PATH) ~= false end
  return indexed
end
local function due(at)
  isIndexed()
  indexed = true
  if not dueAt or at < dueAt then dueAt = at end
end
local function each(command, list)
  for from = 1, #list, 1000 do redis.call(command, KEY, unpack(list, from, math.min(from + 999, #list))) end
end
-- Dropping first lets a full server delete: it refuses growth only as the first thing that a script writes.
local function flush(dropFirst)
  -- A sweep that is under way may have passed by what became due: it must not take the scope off the index.
  if dueAt then drop('sweep') end
  if dropFirst then each('HDEL', drops) end
  each('HSET', puts)
  if not dropFirst then each('HDEL', drops) end
  if dueAt then redis.call('ZADD', DUE, 'LT', string.format('%.0f', dueAt), PATH) end
  puts, drops, dueAt = {}, {}, nil
end
-- Whether the fence that the scope records is of a newer attempt, or of another run of the same one.
local function isReplaced(fence, nonce)
  if not held then return false end
  local other = held:sub(${AT.fence})
  return other > fence or (other == fence and held:sub(${AT.nonce}) ~= nonce)
end
local function hold(fence, nonce)
  held = fence .. ' ' .. nonce
  put('fence', held)
end
-- The object of an entry that is to go becomes superseded, in the same script, unless the new entry refers to it.
local function supersede(text, nextObject)
  if not text or text:sub(${AT.letter}) ~= ${LETTER.reference} then return end
  local sound, meta = pcall(cjson.decode, text:sub(${AT.entryJson}))
  local ref = sound and type(meta) == 'table' and meta.ref
  if type(ref) ~= 'table' or type(ref.object) ~= 'string' or ref.object == nextObject then return end
  local store = cjson.encode(tostring(ref.store)):gsub('\\/', '/')
  local size = string.format('%.0f', tonumber(ref.storedSize) or 0)
  put('s:' .. ref.object, instant(now) .. ' {"store":' .. store .. ',"storedSize":' .. size .. '}')
  due(now + ${GRACE})
  keep(now + ${SWEEP_TIME})
end
local function bury(name, id)
  local gone = now + ${TOMBSTONE_KEPT}
  drop('v:' .. name)
  put('e:' .. name, ${head(LETTER.tombstone, 'id', 'instant(now)', 'gone')})
  due(gone)
  keep(gone)
end
local function close(dropFirst)
  if held then keep(now + ${FENCE_KEPT}) end
  -- In whole hours, so that most writes need not change it.
  if cover < ${NEVER} then cover = math.ceil(cover / ${KEPT_IN_STEPS_OF}) * ${KEPT_IN_STEPS_OF} end
  if cover ~= before then put('until', instant(cover)) end
  -- An entry that expires in a hash that never does is found by the index alone, also one that was there before.
  if cover == ${NEVER} then
    local at = firstEnd
    if before > 0 and before < at then at = before end
    if at < ${NEVER} then due(at) end
  end
  if RECORDED ~= '' then put('scope', RECORDED) end
  local wanted = ends and ends + (isIndexed() and ${SWEEP_TIME} or 0)
  flush(dropFirst)
  if ends then
    if now + redis.call('PTTL', KEY) < wanted then redis.call('PEXPIREAT', KEY, string.format('%.0f', wanted)) end
  elseif cover ~= before or hadEnd then
    if cover == ${NEVER} then redis.call('PERSIST', KEY) else redis.call('PEXPIREAT', KEY, string.format('%.0f', cover)) end
  end
end
-- A write that is sent again waits for its replication again: a wait counts only what its own connection wrote.
local function touch(field, value) redis.pcall('HSET', KEY, field, value) end

if ends and ends <= now then
  cover, before, ends = 0, 0, nil
  for _, field in ipairs(redis.call('HKEYS', KEY)) do
    local kind = field:sub(${AT.kind})
    if kind == 'e:' then
      local text = redis.call('HGET', KEY, field)
      supersede(text, nil)
      if text:sub(${AT.letter}) ~= ${LETTER.tombstone} then emptied[#emptied + 1] = field:sub(${AT.name}) end
    end
    if kind == 'o:' then keep(now + ${FENCE_KEPT}) end
    if kind == 'e:' or kind == 'v:' or kind == 'r:' or kind == 'c:' or kind == 'i:' then drop(field) end
  end
  for _, field in ipairs({'lost', 'until', 'ends'}) do drop(field) end
  flush(true)
end`;
