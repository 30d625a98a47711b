import { ENTRY_FORMAT } from '../../../../format/entry.ts';
import { NEVER } from '../../../../format/head.ts';
import { SWEEP_TIME } from '../../../lifetimes.ts';
import { AT, LETTER, instantText } from '../places.ts';
import { close, dropField, due, keep, open, putField, supersede } from '../scope.ts';
import { writingScript, type Script } from '../script.ts';
import { FOUND, gone, PAGE, REMOVED, SWEEP } from './fields.ts';

/** Opens for removing. The sweep that has its nonce in the scope goes on; what others make due takes the nonce away. */
const REMOVE = String.raw`
local ended, endless = false, cover == ${NEVER}
if hadEnd and not ends then
  local left = redis.call('PTTL', KEY)
  local kept = now + left
  if left > 0 then ${keep('kept')} end
end
local mine = first or redis.call('HGET', KEY, 'sweep') == NONCE
local function remove(field, text)
  ${dropField('field')}
  if not isValue(field, text) then return false end
  ${dropField(`'v:' .. field:sub(${AT.name})`)}
  if text:sub(${AT.letter}) == ${LETTER.reference} then
    ${supersede('text', 'nil')}
    later(now + grace)
    local kept = now + grace + ${SWEEP_TIME}
    ${keep('kept')}
  end
  local buried = removedUntil(text)
  if buried > now then
    ${putField('field', `'${ENTRY_FORMAT}' .. ${LETTER.tombstone} .. ' ' .. text:sub(${AT.buried}) .. ' ' .. ${instantText('buried')}`)}
    ${due('buried')}
    ${keep('buried')}
    later(buried)
  end
  return true
end`;

/**
 * One page of a sweep. The nonce is deleted first and put again, so that a full server takes it.
 *
 * - KEYS: the scope, its index, its birth.
 * - ARGV: path, recorded, nonce, cursor (`0` at first), count (about how many fields to look at), grace (milliseconds).
 * - Answer: `ok`, the next cursor, when the next of what is left becomes due (milliseconds, or nothing), how many entries were
 *   removed, and their names. Then comes each object that may go, with its text on the list.
 */
export const SWEEP_PAGE: Script<keyof typeof SWEEP> = writingScript(
  { name: 'sweepPage', writes: true, together: 1, arguments: SWEEP, suits: () => false },
  gone("redis.call('ZREM', DUE, PATH)"),
  open(),
  REMOVED,
  REMOVE,
  PAGE,
  String.raw`
if mine then
  ${dropField("'sweep'")}
  ${putField("'sweep'", 'NONCE')}
end
-- A sweep is no write: it keeps no fence for longer.
held = nil`,
  close('true'),
  FOUND,
);
