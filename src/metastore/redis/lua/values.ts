import { LATENESS } from '../../lifetimes.ts';
import { CHANGE, CHANGE_ARGUMENTS, CLOCK, IDENTITY, OPEN, script, type Script } from './script.ts';

/** Scripts for values. */

/** Names in; for each of them the entry and its inline value, where it counts. */
export const READ: Script = script(
  'read',
  false,
  CLOCK,
  String.raw`
local ended = (tonumber(redis.call('HGET', KEY, 'ends') or '') or NEVER) <= now
local found = {instant(now), '0', 'ok'}
for i = 2, #ARGV do
  local entry = redis.call('HMGET', KEY, 'e:' .. ARGV[i], 'v:' .. ARGV[i])
  local counts = not ended and live(entry[1])
  found[#found + 1] = counts and entry[1]
  found[#found + 1] = counts and entry[2]
end
return found`,
);

/** A cursor and a count in; the next cursor, and names and texts of users' entries that count. */
export const LIST: Script = script(
  'list',
  false,
  CLOCK,
  String.raw`
if (tonumber(redis.call('HGET', KEY, 'ends') or '') or NEVER) <= now then return {instant(now), '0', 'ok', '0'} end
local page = redis.call('HSCAN', KEY, ARGV[2], 'MATCH', 'e:*', 'COUNT', ARGV[3])
local found = {instant(now), '0', 'ok', page[1]}
for i = 1, #page[2], 2 do
  local name = page[2][i]:sub(3)
  if name:sub(1, 7) ~= 'result=' and live(page[2][i + 1]) then
    found[#found + 1] = name
    found[#found + 1] = page[2][i + 1]
  end
end
return found`,
);

/**
 * Write ID, whether fenced, when it began, then the changes. The order of the checks is that of `docs/design.md`: the same write ID,
 * the fence, the sequence, lateness, comparison; then the switch.
 */
export const WRITE: Script = script(
  'write',
  true,
  CLOCK,
  OPEN,
  CHANGE,
  IDENTITY,
  String.raw`
local fenced, began = ARGV[4] == '1', tonumber(ARGV[5])
local texts, deletes = {}, true
for i = 6, #ARGV, ${CHANGE_ARGUMENTS} do
  texts[i] = redis.call('HGET', KEY, 'e:' .. ARGV[i])
  if foreign(texts[i]) then return answer('foreign', ARGV[i]) end
  if ARGV[i + 1] ~= 't' then deletes = false end
end
for i, text in pairs(texts) do
  if text and text:sub(4, 55) == id then
    touch('e:' .. ARGV[i], text)
    return answer('ok', text:sub(57, 69))
  end
end
if fenced then
  if held and newer(held:sub(1, 24), held:sub(26)) then return stale() end
  for _, text in pairs(texts) do
    if text and newer(text:sub(4, 27), text:sub(29, 44)) then return stale() end
  end
end
for _, text in pairs(texts) do
  if text and laterOwn(text) then return answer('old') end
end
if now - began > ${LATENESS} then return answer('late') end
for i = 6, #ARGV, ${CHANGE_ARGUMENTS} do
  local current = live(texts[i]) and texts[i]:sub(4, 55) or 'absent'
  if ARGV[i + 4] ~= '' and ARGV[i + 4] ~= current then return answer('conflict', ARGV[i], current) end
end
for i = 6, #ARGV, ${CHANGE_ARGUMENTS} do change(i, texts[i], id) end
if fenced then
  held = fence .. ' ' .. nonce
  put('fence', held)
end
close(deletes)
return answer('ok', instant(now))`,
);
