import { LATENESS } from '../../../lifetimes.ts';
import { CHANGES } from '../change.ts';
import { answer, isForeign } from '../clock.ts';
import { AT, LETTER } from '../places.ts';

/** Names of the arguments of `RESTORE` and its preview. The one change comes after them. */
export const RESTORATION: Readonly<Record<'id' | 'began' | 'instead', true>> = { id: true, began: true, instead: true };

/** Ends if it is too late, or if the entry is there: nothing is written over what anybody decided since. */
export const CHECK: string = String.raw`
local object = ARGV[CHANGES + ${CHANGES.at.object}]
local text = redis.call('HGET', KEY, 'e:' .. ARGV[CHANGES + ${CHANGES.at.name}])
local function isThere()
  if redis.call('HEXISTS', KEY, 's:' .. object) == 1 then return true end
  if not text then return false end
  if ${isForeign('text')} or INSTEAD == '' then return true end
  if text:sub(${AT.letter}) ~= ${LETTER.reference} then return true end
  local sound, meta = pcall(cjson.decode, text:sub(${AT.entryJson}))
  local ref = sound and type(meta) == 'table' and meta.ref
  return type(ref) ~= 'table' or ref.object ~= INSTEAD
end
if now - BEGAN > ${LATENESS} then return ${answer('late')} end
if isThere() then return ${answer('there')} end`;
