import { CLEARED_JSON, NO_ID, SUBMISSION_LENGTH } from '../../../../format/record-head.ts';
import { FENCE_KEPT, SWEEP_TIME, TOMBSTONE_KEPT } from '../../../lifetimes.ts';
import { AT, LETTER, head } from '../places.ts';
import { IDENTITY } from '../identity.ts';
import { MOVES } from '../jobs/moves.ts';
import { ORPHAN } from '../orphan.ts';
import { OPEN } from '../scope.ts';
import { recordScript, type Script } from '../script.ts';

/**
 * Wipes a scope. Refused while a submit of the scope is unresolved. Entries become tombstones that keep the write ID of what they
 * bury. Records become the next submission number, and active jobs orphans. The fence gets a nonce of its own.
 *
 * - KEYS: the scope, its index, its birth, the index of its jobs.
 * - ARGV: path, recorded, id (a write ID).
 * - Answer: `ok`; or `foreign` and a name, `ambiguous`, a name and its record.
 */
export const CLEAR: Script<'id'> = recordScript(
  { name: 'clear', writes: true, arguments: { id: true } },
  OPEN,
  IDENTITY,
  MOVES,
  ORPHAN,
  String.raw`
if redis.call('HGET', KEY, 'cleared') == ID then
  touch('cleared', ID)
  return answer('ok')
end
local entries, records, kept, superseded = {}, {}, false, false
for _, field in ipairs(redis.call('HKEYS', KEY)) do
  local kind, name = field:sub(${AT.kind}), field:sub(${AT.name})
  if kind == 'e:' then entries[name] = redis.call('HGET', KEY, field) end
  if kind == 'r:' then records[name] = redis.call('HGET', KEY, field) end
  if kind == 'o:' or kind == 'i:' then kept = true end
  if kind == 'c:' then drop(field) end
  if kind == 's:' then superseded = true end
  if foreign(entries[name]) or foreign(records[name]) then return answer('foreign', name) end
end
for name, text in pairs(records) do
  local letter = live(text) and text:sub(${AT.letter})
  if letter == ${LETTER.submitting} or letter == ${LETTER.ambiguous} then return answer('ambiguous', name, text) end
end
cover = 0
keep(now + ${TOMBSTONE_KEPT})
drop('ends')
ends = nil
put('cleared', ID)
for name, text in pairs(entries) do
  local gone = tonumber(text:sub(${AT.expiresAt})) or 0
  if text:sub(${AT.letter}) == ${LETTER.tombstone} and gone > now then
    keep(gone)
  else
    supersede(text, nil)
    bury(name, text:sub(${AT.version}))
  end
end
for name, text in pairs(records) do
  move(name, nil)
  if live(text) then
    local letter, submission = text:sub(${AT.letter}), tonumber(text:sub(${AT.submission}))
    if letter == ${LETTER.submitted} then orphan(name, text:sub(${AT.idDigest}), text:sub(${AT.recordJson})) end
    if letter ~= ${LETTER.none} then submission = submission + 1 end
    local gone = now + ${FENCE_KEPT}
    put('r:' .. name, ${head(LETTER.none, 'ID', 'instant(now)', 'gone')} .. ' ${NO_ID} ' .. string.format('%0${SUBMISSION_LENGTH}.0f', submission) .. ' ${CLEARED_JSON}')
    expires(gone)
  else
    drop('r:' .. name)
  end
end
if held then hold(held:sub(${AT.fence}), nonce) end
if kept then keep(now + ${FENCE_KEPT}) end
if superseded then keep(now + ${SWEEP_TIME}) end
close(true)
moveAll()
return answer('ok')`,
);
