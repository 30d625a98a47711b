import { CHANGES, change, isInline, type Change } from '../change.ts';
import { answer, isForeign } from '../clock.ts';
import { IDENTITY, isLaterOwn, isNewer, isOwn } from '../identity.ts';
import { MOVES, MOVE_ALL } from '../jobs/moves.ts';
import { orphan } from '../orphan.ts';
import { AT, LETTER, instantText } from '../places.ts';
import { STALE, close, hold, isReplaced, open, touch } from '../scope.ts';
import { writingScript, type Script } from '../script.ts';
import { LIVE_RECORD, RECORD, RECORD_FIELDS, hasId, putRecord, type RecordArgument } from './put.ts';

/**
 * One write of a record. The checks come in the order of `docs/design.md`. First are the format, the same write ID, and the
 * exception for the very `submitting` that this attempt wrote. Then come the fence, the sequence, what was decided on (or another
 * ID), and the attempt's own fence.
 *
 * - KEYS: the scope, its index and its birth, the index of its jobs.
 * - ARGV: path, recorded, id (a write ID), name, letter, submission (6 digits), idDigest, json, retention, basis (a write ID, or
 *   nothing), withdraw, replacedDigest and replacedJson, then at most one change, the result. The two in `replaced` are of the
 *   external job that this one takes the place of, or nothing.
 * - Answer: `ok`, when it was applied and when it ends; or `foreign` and a name, `stale` and the holder, `old`, `changed`, `gone`.
 */
export const WRITE_RECORD: Script<RecordArgument | 'withdraw' | 'replacedDigest' | 'replacedJson', Change> = writingScript(
  {
    name: 'writeRecord',
    writes: true,
    jobs: true,
    arguments: { ...RECORD, withdraw: true, replacedDigest: true, replacedJson: true },
    each: CHANGES,
    suits: (_given, each) => each.every(isInline),
  },
  `local resultName = ARGV[CHANGES + ${CHANGES.at.name}]`,
  open({ ...RECORD_FIELDS, result: "'e:' .. (resultName or '')" }),
  LIVE_RECORD,
  IDENTITY,
  String.raw`
local withdraw = WITHDRAW == '1'
if ${isForeign('text')} then return ${answer('foreign', 'NAME')} end
if text and text:sub(${AT.version}) == ID then
  ${touch("'r:' .. NAME", 'text')}
  return ${answer('ok', `text:sub(${AT.updatedAt})`, `text:sub(${AT.expiresAt})`)}
end
local isGone = not held or held:sub(${AT.fence}) < fence
local mine = text and text:sub(${AT.letter}) == ${LETTER.submitting} and ${isOwn('text')} and not ${isLaterOwn('text')}
if not (mine and (LETTER == ${LETTER.submitted} or withdraw)) then
  if withdraw then ${STALE} end
  if ${isReplaced('fence', 'nonce')} then ${STALE} end
  if text and ${isNewer('text')} then ${STALE} end
  if text and ${isLaterOwn('text')} then return ${answer('old')} end
  if ${hasId('LETTER')} then
    local current = text and text:sub(${AT.letter})
    if current and ${hasId('current')} and (text:sub(${AT.idDigest}) ~= ID_DIGEST or (LETTER == ${LETTER.submitted} and current ~= ${LETTER.submitted})) then
      return ${answer('changed')}
    end
  elseif (text and text:sub(${AT.version}) or '') ~= BASIS then
    return ${answer('changed')}
  end
  if LETTER == ${LETTER.submitting} and isGone then return ${answer('gone')} end
end
if ${isForeign('result')} then return ${answer('foreign', 'resultName')} end`,
  MOVES,
  putRecord("REPLACED_DIGEST ~= ''"),
  String.raw`
if REPLACED_DIGEST ~= '' then ${orphan('NAME', 'REPLACED_DIGEST', 'REPLACED_JSON')} end
if isGone then ${hold('fence', 'nonce')} end
if resultName then ${change('CHANGES', 'result', 'ID')} end`,
  close('false'),
  MOVE_ALL,
  `return ${answer('ok', 'instant', instantText('gone'))}`,
);
