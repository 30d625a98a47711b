import { AT, LETTER } from '../places.ts';
import { CHANGE, CHANGES, type Change } from '../change.ts';
import { IDENTITY } from '../identity.ts';
import { ORPHAN } from '../orphan.ts';
import { OPEN } from '../scope.ts';
import { recordScript, type Script } from '../script.ts';
import { PUT_RECORD, RECORD, type RecordArgument } from './put.ts';

/**
 * One write of a record. The checks come in the order of `docs/design.md`. First are the format, the same write ID, and the
 * exception for the very `submitting` that this attempt wrote. Then come the fence, the sequence, what was decided on (or another
 * ID), and the attempt's own fence.
 *
 * - KEYS: the scope, its index, its birth, the index of its jobs.
 * - ARGV: path, recorded, id (a write ID), name, letter, submission (6 digits), idDigest, json, retention, basis (a write ID, or
 *   nothing), withdraw, replacedDigest and replacedJson, then at most one change, the result. The two in `replaced` are of the
 *   external job that this one takes the place of, or nothing.
 * - Answer: `ok`, when it was applied and when it ends; or `foreign` and a name, `stale` and the holder, `old`, `changed`, `gone`.
 */
export const WRITE_RECORD: Script<RecordArgument | 'withdraw' | 'replacedDigest' | 'replacedJson', Change> = recordScript(
  {
    name: 'writeRecord',
    writes: true,
    arguments: { ...RECORD, withdraw: true, replacedDigest: true, replacedJson: true },
    each: CHANGES,
  },
  OPEN,
  CHANGE,
  IDENTITY,
  PUT_RECORD,
  ORPHAN,
  String.raw`
local text, withdraw = liveRecord(NAME), WITHDRAW == '1'
if foreign(text) then return answer('foreign', NAME) end
if text and text:sub(${AT.version}) == ID then
  touch('r:' .. NAME, text)
  return answer('ok', text:sub(${AT.updatedAt}), text:sub(${AT.expiresAt}))
end
local gone = not held or held:sub(${AT.fence}) < fence
local mine = text and text:sub(${AT.letter}) == ${LETTER.submitting} and own(text) and not laterOwn(text)
if not (mine and (LETTER == ${LETTER.submitted} or withdraw)) then
  if withdraw then return stale() end
  if isReplaced(fence, nonce) then return stale() end
  if text and newer(text) then return stale() end
  if text and laterOwn(text) then return answer('old') end
  if holdsId(LETTER) then
    local current = text and text:sub(${AT.letter})
    if current and holdsId(current) and (text:sub(${AT.idDigest}) ~= ID_DIGEST or (LETTER == ${LETTER.submitted} and current ~= ${LETTER.submitted})) then
      return answer('changed')
    end
  elseif (text and text:sub(${AT.version}) or '') ~= BASIS then
    return answer('changed')
  end
  if LETTER == ${LETTER.submitting} and gone then return answer('gone') end
end
local resultName = ARGV[CHANGES + ${CHANGES.at.name}]
local result = resultName and redis.call('HGET', KEY, 'e:' .. resultName)
if foreign(result) then return answer('foreign', resultName) end
local expiresAt = record()
if REPLACED_DIGEST ~= '' then orphan(NAME, REPLACED_DIGEST, REPLACED_JSON) end
if gone then hold(fence, nonce) end
if resultName then change(CHANGES, result, ID) end
close(false)
moveAll()
return answer('ok', instant(now), instant(expiresAt))`,
);
