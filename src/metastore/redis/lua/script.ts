import { createHash } from 'node:crypto';
import { NEVER } from '../../../format/head.ts';
import { FENCE_KEPT, GRACE, KEPT_IN_STEPS_OF, SWEEP_TIME, TOMBSTONE_KEPT } from '../../lifetimes.ts';

/**
 * What scripts are made of. A script has the keys of `format/redis-keys.ts` (scope, index, birth), and the path and the scope to record as
 * its first arguments. It answers `{now, born, kind, …}`: the server's time, whether it was the first to write to this shard, and
 * how it ended. Places in texts are those of `head.ts` and `record-head.ts`, counted from 1. Times and fences are compared as
 * text of fixed width or as whole numbers below 2^53. Of the scope nothing is written before the last check has passed, and every
 * type that a later command needs has been met by an earlier read: a script has no way back.
 */

/** A script and the name that the server has for it. */
export interface Script {
  readonly name: string;
  readonly text: string;
  readonly sha: string;
  /** Whether it may write; an answer that is lost is then an unknown outcome. */
  readonly writes: boolean;
}

/** Assembles a script. */
export function script(name: string, writes: boolean, ...parts: readonly string[]): Script {
  const text = parts.join('\n');
  return { name, text, writes, sha: createHash('sha1').update(text).digest('hex') };
}

/** Time, and whether a text counts: what is of another format, or damaged, does, so that its reader can say so. */
export const CLOCK: string = String.raw`
local KEY, DUE, BIRTH = KEYS[1], KEYS[2], KEYS[3]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local NEVER = ${NEVER}
local function instant(ms) return string.format('%013.0f', ms) end
local function foreign(text) return text and text:sub(1, 1) ~= '1' end
local function live(text)
  if not text then return false end
  if foreign(text) then return true end
  local expires = tonumber(text:sub(71, 83))
  return text:sub(2, 2) ~= 't' and not (expires and expires <= now)
end`;

/**
 * Opens a scope for a write. `put`, `drop`, `keep`, `expires` and `due` collect what is to change; `flush` does it, `close`
 * also sets how long the hash is kept. A scope whose time after success is over starts empty; `emptied` names what it held.
 */
export const OPEN: string = String.raw`
local PATH, RECORDED = ARGV[1], ARGV[2]
local head = redis.call('HMGET', KEY, 'ends', 'until', 'fence')
local ends, before, held = tonumber(head[1] or ''), tonumber(head[2] or '') or 0, head[3]
local hadEnd = ends ~= nil
-- A scope that is there was written by a script, which left the birth of its shard.
local born = before == 0 and redis.call('EXISTS', BIRTH) == 0
if born then redis.call('SET', BIRTH, instant(now)) end

local indexed, cover, firstEnd, dueAt, puts, drops, emptied = nil, before, NEVER, nil, {}, {}, {}
local function answer(kind, ...) return {instant(now), born and '1' or '0', kind, ...} end
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
local function names(prefix)
  local found = {}
  for _, field in ipairs(redis.call('HKEYS', KEY)) do
    if field:sub(1, #prefix) == prefix then found[#found + 1] = field:sub(#prefix + 1) end
  end
  return found
end
local function each(command, list)
  for from = 1, #list, 1000 do redis.call(command, KEY, unpack(list, from, math.min(from + 999, #list))) end
end
-- Dropping first lets a full server delete: it refuses growth only as the first thing that a script writes.
local function flush(dropFirst)
  -- A sweep that is under way has perhaps passed by what became due: it must not take the scope off the index.
  if dueAt then drop('sweep') end
  if dropFirst then each('HDEL', drops) end
  each('HSET', puts)
  if not dropFirst then each('HDEL', drops) end
  if dueAt then redis.call('ZADD', DUE, 'LT', string.format('%.0f', dueAt), PATH) end
  puts, drops, dueAt = {}, {}, nil
end
-- The object of an entry that is to go becomes superseded, in the same script, unless the new entry refers to it.
local function supersede(text, nextObject)
  if not text or text:sub(2, 2) ~= 'r' then return end
  local sound, meta = pcall(cjson.decode, text:sub(85))
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
  put('e:' .. name, '1t ' .. id .. ' ' .. instant(now) .. ' ' .. instant(gone))
  due(gone)
  keep(gone)
end
local function close(dropFirst)
  if held then keep(now + ${FENCE_KEPT}) end
  -- In whole hours, so that most writes need not change it.
  if cover < NEVER then cover = math.ceil(cover / ${KEPT_IN_STEPS_OF}) * ${KEPT_IN_STEPS_OF} end
  if cover ~= before then put('until', instant(cover)) end
  -- What expires in a hash that never does is found by the index alone, also what was there before.
  if cover == NEVER then
    local at = firstEnd
    if before > 0 and before < at then at = before end
    if at < NEVER then due(at) end
  end
  if RECORDED ~= '' then put('scope', RECORDED) end
  local wanted = ends and ends + (isIndexed() and ${SWEEP_TIME} or 0)
  flush(dropFirst)
  if ends then
    if now + redis.call('PTTL', KEY) < wanted then redis.call('PEXPIREAT', KEY, string.format('%.0f', wanted)) end
  elseif cover ~= before or hadEnd then
    if cover == NEVER then redis.call('PERSIST', KEY) else redis.call('PEXPIREAT', KEY, string.format('%.0f', cover)) end
  end
end
-- Who sends a write again waits for its replication again, and a wait counts only what its own connection wrote.
local function touch(field, value) redis.pcall('HSET', KEY, field, value) end

if ends and ends <= now then
  cover, before, ends = 0, 0, nil
  for _, field in ipairs(redis.call('HKEYS', KEY)) do
    local kind = field:sub(1, 2)
    if kind == 'e:' then
      local text = redis.call('HGET', KEY, field)
      supersede(text, nil)
      if text:sub(2, 2) ~= 't' then emptied[#emptied + 1] = field:sub(3) end
    end
    if kind == 'o:' then keep(now + ${FENCE_KEPT}) end
    if kind == 'e:' or kind == 'v:' or kind == 'r:' or kind == 'c:' or kind == 'i:' then drop(field) end
  end
  for _, field in ipairs({'lost', 'until', 'ends'}) do drop(field) end
  flush(true)
end`;

/** `change(at, id)`: the switch of one key, whose arguments begin at `at`: name, kind, JSON, lifetime, comparison, object, has body, body. */
export const CHANGE: string = String.raw`
local function lifeFrom(retention)
  if retention == 'forever' then return NEVER end
  return math.min(now + retention, NEVER - 1)
end
local function change(at, text, id)
  local name, kind, json, retention, object = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 5]
  supersede(text, object)
  if kind == 't' then return bury(name, id) end
  local gone = lifeFrom(retention)
  put('e:' .. name, '1' .. kind .. ' ' .. id .. ' ' .. instant(now) .. ' ' .. instant(gone) .. ' ' .. json)
  if ARGV[at + 6] == '1' then put('v:' .. name, ARGV[at + 7]) else drop('v:' .. name) end
  expires(gone)
  if object == '' then return end
  drop('s:' .. object)
  due(gone)
  if gone ~= NEVER then keep(math.min(gone + ${SWEEP_TIME}, NEVER - 1)) end
end`;

/** Arguments of one change. */
export const CHANGE_ARGUMENTS = 8;

/** A write ID as `id`, in its parts, and whether a fence and nonce are of a newer attempt. */
export const IDENTITY: string = String.raw`
local id = ARGV[3]
local fence, nonce, sequence = id:sub(1, 24), id:sub(26, 41), id:sub(43, 52)
local function newer(f, n) return f > fence or (f == fence and n ~= nonce) end
local function own(text) return text:sub(4, 27) == fence and text:sub(29, 44) == nonce end
local function laterOwn(text) return own(text) and text:sub(46, 55) > sequence end`;
