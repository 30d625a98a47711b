import { INSTANT_LENGTH, NEVER } from '../../../../format/head.ts';
import { SWEEP_TIME, TOMBSTONE_KEPT } from '../../../lifetimes.ts';
import { answer, isForeign } from '../clock.ts';
import { AT, LETTER } from '../places.ts';
import { keep } from '../scope.ts';

/** What a page of a sweep and its preview share: `gone`, one way to open, then the page and its answer. */

/** Names of the arguments of both. */
export const SWEEP: Readonly<Record<'nonce' | 'cursor' | 'count' | 'grace', true>> = {
  nonce: true,
  cursor: true,
  count: true,
  grace: true,
};

/** Ends if the hash is gone; `whenGone` is done before. */
export const gone = (whenGone: string): string => String.raw`
if redis.call('EXISTS', KEY) == 0 then
  ${whenGone}
  return ${answer('ok', "'0'", "''", "'0'")}
end
local grace, first, nextDue = tonumber(GRACE), CURSOR == '0', nil
local function later(at) if not nextDue or at < nextDue then nextDue = at end end`;

/** Goes through one page of fields. A text of another format stays unchanged. */
export const PAGE: string = String.raw`
-- A text that only a newer version reads may refer to the object as well.
local function isReferredTo(object)
  local text = redis.call('HGET', KEY, 'e:' .. (object:match('([^/]+)/[^/]+$') or ''))
  return text and (${isForeign('text')} or text:find(object, 1, true) ~= nil)
end
local entries, objects = first and emptied or {}, {}
if ends then later(ends) end
local cursor, fields = unpack(redis.call('HSCAN', KEY, CURSOR, 'MATCH', '[ers]:*', 'COUNT', COUNT))
for at = 1, #fields, 2 do
  local field, text = fields[at], fields[at + 1]
  local kind, name = field:sub(${AT.kind}), field:sub(${AT.name})
  if kind == 's:' then
    local since = tonumber(text:match('^(${'%d'.repeat(INSTANT_LENGTH)}) ') or '')
    if since then
      local kept = math.max(since + grace, now) + ${SWEEP_TIME}
      ${keep('kept')}
      if since + grace > now then
        later(since + grace)
      elseif not isReferredTo(name) then
        objects[#objects + 1] = name
        objects[#objects + 1] = text
      end
    end
  elseif ended or not ${isForeign('text')} then
    local expires = tonumber(text:sub(${AT.expiresAt}))
    if ended or expires and expires <= now then
      if remove(field, text) then entries[#entries + 1] = name end
    -- Other fields that expire go with their hash, unless that never does.
    elseif expires and (kind == 'e:' and text:sub(${AT.letter}) ~= ${LETTER.inline} or endless and expires < ${NEVER}) then
      later(expires)
    end
  end
end`;

/** Answers with the next cursor, when the next of what is left becomes due, how many entries were removed, their names, then objects. */
export const FOUND: string = String.raw`
local found = ${answer('ok', 'cursor', "nextDue and string.format('%.0f', nextDue) or ''", 'tostring(#entries)')}
for _, list in ipairs({entries, objects}) do
  for _, part in ipairs(list) do found[#found + 1] = part end
end
return found`;

/** `removedUntil(text)`: until when a late copy of an older write of an entry must meet its write ID. */
export const REMOVED: string = String.raw`
local function removedUntil(text) return (tonumber(text:sub(${AT.updatedAt})) or 0) + ${TOMBSTONE_KEPT} end
local function isValue(field, text) return field:sub(${AT.kind}) == 'e:' and text:sub(${AT.letter}) ~= ${LETTER.tombstone} end`;
