import { FENCE_KEPT, KEPT_IN_STEPS_OF, SWEEP_TIME, TOMBSTONE_KEPT } from '../../lifetimes.ts';
import { CLOCK, OPEN, script, type Script } from './script.ts';

/** Scripts for removing what has expired. None of them makes a birth known: that is for who writes. */

/** From when, until when, how many: paths of a shard with the time at which something in them becomes due. */
export const DUE: Script = script(
  'due',
  false,
  CLOCK,
  String.raw`
local found = {instant(now), '0', 'ok'}
for _, part in ipairs(redis.call('ZRANGEBYSCORE', DUE, ARGV[1], ARGV[2], 'WITHSCORES', 'LIMIT', 0, ARGV[3])) do
  found[#found + 1] = part
end
return found`,
);

/** A path whose hash is gone leaves the index; and what comes of the arguments: nonce, cursor, count, grace. */
const gone = (removes: boolean): string => String.raw`
if redis.call('EXISTS', KEY) == 0 then
  ${removes ? "redis.call('ZREM', DUE, ARGV[1])" : ''}
  return {instant(now), '0', 'ok', '0', '', '0'}
end
local nonce, cursor, count, grace = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local first, nextDue = cursor == '0', nil
local function later(at) if not nextDue or at < nextDue then nextDue = at end end`;

/** Opens without writing: a scope whose time after success is over counts as empty. */
const LOOK = String.raw`
local head = redis.call('HMGET', KEY, 'ends', 'until')
local ends, endless = tonumber(head[1] or ''), (tonumber(head[2] or '') or 0) == NEVER
local ended, emptied = ends and ends <= now, {}
if ended then ends, endless = nil, false end
local function keep() end
local function remove(field, text)
  if field:sub(1, 2) ~= 'e:' or text:sub(2, 2) == 't' then return false end
  if text:sub(2, 2) == 'r' then later(now + grace) end
  local buried = (tonumber(text:sub(57, 69)) or 0) + ${TOMBSTONE_KEPT}
  if buried > now and not ended then later(buried) end
  return true
end`;

/** Opens for removing. The sweep that has its nonce in the scope goes on; what others make due takes the nonce away. */
const REMOVE = String.raw`
local ended, endless = false, cover == NEVER
if hadEnd and not ends then
  local left = redis.call('PTTL', KEY)
  if left > 0 then keep(now + left) end
end
local mine = first or redis.call('HGET', KEY, 'sweep') == nonce
local function remove(field, text)
  drop(field)
  if field:sub(1, 2) ~= 'e:' or text:sub(2, 2) == 't' then return false end
  drop('v:' .. field:sub(3))
  if text:sub(2, 2) == 'r' then
    supersede(text, nil)
    later(now + grace)
    keep(now + grace + ${SWEEP_TIME})
  end
  -- A late copy of an older write must meet the write ID for as long as it may come.
  local buried = (tonumber(text:sub(57, 69)) or 0) + ${TOMBSTONE_KEPT}
  if buried > now then
    put(field, '1t ' .. text:sub(4, 69) .. ' ' .. instant(buried))
    due(buried)
    keep(buried)
    later(buried)
  end
  return true
end`;

/** One page of fields. What is of another format stays as it is. */
const PAGE = String.raw`
-- What only a newer version reads may refer to the object as well.
local function isReferredTo(object)
  local text = redis.call('HGET', KEY, 'e:' .. (object:match('([^/]+)/[^/]+$') or ''))
  return text and (foreign(text) or text:find(object, 1, true) ~= nil)
end
local entries, objects = first and emptied or {}, {}
if ends then later(ends) end
local page = redis.call('HSCAN', KEY, cursor, 'MATCH', '[ers]:*', 'COUNT', count)
for i = 1, #page[2], 2 do
  local field, text = page[2][i], page[2][i + 1]
  local kind, name = field:sub(1, 2), field:sub(3)
  if kind == 's:' then
    local since = tonumber(text:match('^(%d%d%d%d%d%d%d%d%d%d%d%d%d) ') or '')
    if since then
      keep(math.max(since + grace, now) + ${SWEEP_TIME})
      if since + grace > now then
        later(since + grace)
      elseif not isReferredTo(name) then
        objects[#objects + 1] = name
        objects[#objects + 1] = text
      end
    end
  elseif ended or not foreign(text) then
    local expires, letter = tonumber(text:sub(71, 83)), text:sub(2, 2)
    if ended or expires and expires <= now then
      if remove(field, text) then entries[#entries + 1] = name end
    -- Whatever else expires goes with its hash, unless that never does.
    elseif expires and (kind == 'e:' and letter ~= 'i' or endless and expires < NEVER) then
      later(expires)
    end
  end
end`;

const REPLY = String.raw`
local found = {instant(now), '0', 'ok', page[1], nextDue and string.format('%.0f', nextDue) or '', tostring(#entries)}
for _, list in ipairs({entries, objects}) do
  for _, part in ipairs(list) do found[#found + 1] = part end
end
return found`;

/** Nonce, cursor, count, grace: one page of a sweep. The nonce goes first and comes back: so a full server takes it. */
export const SWEEP_PAGE: Script = script(
  'sweepPage',
  true,
  CLOCK,
  gone(true),
  OPEN,
  REMOVE,
  PAGE,
  String.raw`
if mine then
  drop('sweep')
  put('sweep', nonce)
end
-- A sweep is no write: it keeps no fence for longer.
held = nil
close(true)`,
  REPLY,
);

/** The same, and changes nothing. */
export const SWEEP_PREVIEW: Script = script('sweepPreview', false, CLOCK, gone(false), LOOK, PAGE, REPLY);

/** Objects that were deleted, as many as there are. */
export const FORGET_OBJECTS: Script = script(
  'forgetObjects',
  true,
  CLOCK,
  String.raw`
for i = 3, #ARGV do redis.call('HDEL', KEY, 's:' .. ARGV[i]) end
return {instant(now), '0', 'ok'}`,
);

/** A scope has fewer fields than this of which there is one. */
const BOOKKEEPING = 16;

/** Nonce, and when the scope is next due: so it goes into the index, if nothing became due since the sweep's first page. */
export const SWEEP_END: Script = script(
  'sweepEnd',
  true,
  CLOCK,
  String.raw`
local there = redis.call('EXISTS', KEY) == 1
if there and redis.call('HGET', KEY, 'sweep') ~= ARGV[3] then return {instant(now), '0', 'ok'} end
redis.call('HDEL', KEY, 'sweep')
if there and ARGV[4] ~= '' then
  redis.call('ZADD', DUE, ARGV[4], ARGV[1])
  return {instant(now), '0', 'ok'}
end
redis.call('ZREM', DUE, ARGV[1])
-- What was kept without end, and holds nothing any more, goes as a fence does.
if there and tonumber(redis.call('HGET', KEY, 'until') or '') == NEVER and redis.call('HLEN', KEY) <= ${BOOKKEEPING} then
  for _, field in ipairs(redis.call('HKEYS', KEY)) do
    if field:sub(2, 2) == ':' then return {instant(now), '0', 'ok'} end
  end
  local kept = math.ceil((now + ${FENCE_KEPT}) / ${KEPT_IN_STEPS_OF}) * ${KEPT_IN_STEPS_OF}
  redis.call('HSET', KEY, 'until', instant(kept))
  redis.call('PEXPIREAT', KEY, string.format('%.0f', kept))
end
return {instant(now), '0', 'ok'}`,
);
