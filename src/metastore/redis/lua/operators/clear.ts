import { ENTRY_KIND } from '../../../../format/entry.ts';
import { CLEARED_JSON, NO_ID, SUBMISSION_LENGTH } from '../../../../format/record-head.ts';
import { FENCE_KEPT, SWEEP_TIME, TOMBSTONE_KEPT } from '../../../lifetimes.ts';
import { answer, hasLetter, isForeign, isLive } from '../clock.ts';
import { IDENTITY } from '../identity.ts';
import { MOVES, MOVE_ALL, leave } from '../jobs/moves.ts';
import { orphan } from '../orphan.ts';
import { AT, LETTER, head } from '../places.ts';
import { bury, close, dropField, expires, hold, keep, open, putField, supersede, touch } from '../scope.ts';
import { writingScript, type Script } from '../script.ts';

/** Reads all entries and records. Refuses texts of another format, and an unresolved submit. */
const LOOK = String.raw`
if cleared == ID then
  ${touch("'cleared'", 'ID')}
  return ${answer('ok')}
end
local entries, records, kept, superseded = {}, {}, false, false
for _, field in ipairs(redis.call('HKEYS', KEY)) do
  local kind, name = field:sub(${AT.kind}), field:sub(${AT.name})
  local text = (kind == 'e:' or kind == 'r:') and redis.call('HGET', KEY, field)
  if kind == 'e:' then entries[name] = text end
  if kind == 'r:' then records[name] = text end
  if kind == 'o:' or kind == 'i:' then kept = true end
  if kind == 'c:' then ${dropField('field')} end
  if kind == 's:' then superseded = true end
  if ${isForeign('text')} then return ${answer('foreign', 'name')} end
end
for name, text in pairs(records) do
  local letter = ${isLive('text')} and text:sub(${AT.letter})
  if letter == ${LETTER.submitting} or letter == ${LETTER.ambiguous} then return ${answer('ambiguous', 'name', 'text')} end
end`;

/** An entry becomes a tombstone that keeps its write ID. */
const BURY_ENTRIES = String.raw`
for name, text in pairs(entries) do
  local gone = tonumber(text:sub(${AT.expiresAt})) or 0
  if ${hasLetter('text', ENTRY_KIND.tombstone)} and gone > now then
    ${keep('gone')}
  else
    ${supersede('text', 'nil')}
    ${bury('name', `text:sub(${AT.version})`)}
  end
end`;

/** A record becomes the next submission number, and an active job an orphan. */
const END_RECORDS = String.raw`
for name, text in pairs(records) do
  ${leave('name')}
  if ${isLive('text')} then
    local letter, submission = text:sub(${AT.letter}), tonumber(text:sub(${AT.submission}))
    local digest, json = text:sub(${AT.idDigest}), text:sub(${AT.recordJson})
    if letter == ${LETTER.submitted} then ${orphan('name', 'digest', 'json')} end
    if letter ~= ${LETTER.none} then submission = submission + 1 end
    local gone = now + ${FENCE_KEPT}
    ${putField("'r:' .. name", `${head(LETTER.none, 'ID', 'gone')} .. ' ${NO_ID} ' .. string.format('%0${SUBMISSION_LENGTH}.0f', submission) .. ' ${CLEARED_JSON}'`)}
    ${expires('gone')}
  else
    ${dropField("'r:' .. name")}
  end
end`;

/**
 * Wipes a scope. Refused while a submit of the scope is unresolved. Entries become tombstones that keep the write ID of what they
 * bury. Records become the next submission number, and active jobs orphans. The fence gets a nonce of its own.
 *
 * - KEYS: the scope, its index, its birth, the index of its jobs.
 * - ARGV: path, recorded, id (a write ID).
 * - Answer: `ok`; or `foreign` and a name, `ambiguous`, a name and its record.
 */
export const CLEAR: Script<'id'> = writingScript(
  { name: 'clear', writes: true, together: 1, jobs: true, arguments: { id: true }, suits: () => false },
  open({ cleared: "'cleared'" }),
  IDENTITY,
  MOVES,
  LOOK,
  String.raw`
local buriedUntil, fenceKept, sweptUntil = now + ${TOMBSTONE_KEPT}, now + ${FENCE_KEPT}, now + ${SWEEP_TIME}
cover = 0
${keep('buriedUntil')}
${dropField("'ends'")}
ends = nil
${putField("'cleared'", 'ID')}`,
  BURY_ENTRIES,
  END_RECORDS,
  String.raw`
if held then ${hold(`held:sub(${AT.fence})`, 'nonce')} end
if kept then ${keep('fenceKept')} end
if superseded then ${keep('sweptUntil')} end`,
  close('true'),
  MOVE_ALL,
  `return ${answer('ok')}`,
);
