import { NEVER } from '../../../../format/head.ts';
import { AT, LETTER } from '../places.ts';
import { scopeScript, type Script } from '../script.ts';
import { FOUND, gone, PAGE, REMOVED, SWEEP } from './fields.ts';

/** Opens without writing: a scope whose time after success is over counts as empty. */
const LOOK = String.raw`
local ends, kept = unpack(redis.call('HMGET', KEY, 'ends', 'until'))
ends = tonumber(ends or '')
local ended, endless, emptied = ends and ends <= now, tonumber(kept or '') == ${NEVER}, {}
if ended then ends, endless = nil, false end
local cover = ${NEVER}
local function remove(field, text)
  if not isValue(field, text) then return false end
  if text:sub(${AT.letter}) == ${LETTER.reference} then later(now + grace) end
  local buried = removedUntil(text)
  if buried > now and not ended then later(buried) end
  return true
end`;

/**
 * What a page of a sweep would do, which changes nothing.
 *
 * - KEYS: the scope.
 * - ARGV and answer: as `SWEEP_PAGE`, without path and recorded.
 */
export const SWEEP_PREVIEW: Script<keyof typeof SWEEP> = scopeScript(
  ['key'],
  { name: 'sweepPreview', writes: false, together: 1, arguments: SWEEP },
  gone(''),
  REMOVED,
  LOOK,
  PAGE,
  FOUND,
);
