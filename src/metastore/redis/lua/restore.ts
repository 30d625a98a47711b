import { LATENESS } from '../../lifetimes.ts';
import { CHANGE, CLOCK, OPEN, script, type Script } from './script.ts';

/** Scripts for what tools ask about objects, and put back. */

/**
 * Names and objects in pairs: whether each is needed. What only a newer version reads may need any object of its name.
 */
export const HOLDS: Script = script(
  'holds',
  false,
  CLOCK,
  String.raw`
local found = {instant(now), '0', 'ok'}
for i = 2, #ARGV, 2 do
  local text, object = redis.call('HGET', KEY, 'e:' .. ARGV[i]), ARGV[i + 1]
  local held = text and (foreign(text) or text:find(object, 1, true)) or redis.call('HEXISTS', KEY, 's:' .. object) == 1
  found[#found + 1] = held and '1' or '0'
end
return found`,
);

/** Write ID, when it began, the object that is gone, then the change. Nothing is written over what anybody decided since. */
const CHECK = String.raw`
local id, began, instead, name, object = ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6], ARGV[11]
local text = redis.call('HGET', KEY, 'e:' .. name)
local function isThere()
  if redis.call('HEXISTS', KEY, 's:' .. object) == 1 then return true end
  if not text then return false end
  if foreign(text) or text:sub(2, 2) ~= 'r' or instead == '' then return true end
  local sound, meta = pcall(cjson.decode, text:sub(85))
  local ref = sound and type(meta) == 'table' and meta.ref
  return type(ref) ~= 'table' or ref.object ~= instead
end
if now - began > ${LATENESS} then return {instant(now), '0', 'late'} end
if isThere() then return {instant(now), '0', 'there'} end`;

/** Puts a lost entry back. */
export const RESTORE: Script = script(
  'restore',
  true,
  CLOCK,
  CHECK,
  OPEN,
  CHANGE,
  String.raw`
change(6, text, id)
close(false)
return answer('ok')`,
);

/** Says whether it would, and changes nothing. */
export const RESTORE_PREVIEW: Script = script(
  'restorePreview',
  false,
  CLOCK,
  CHECK,
  String.raw`
return {instant(now), '0', 'ok'}`,
);
