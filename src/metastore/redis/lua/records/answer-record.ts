import { AT } from '../places.ts';
import { LIFE } from '../change.ts';
import { OPEN } from '../scope.ts';
import { recordScript, type Script } from '../script.ts';
import { PUT_RECORD, RECORD, type RecordArgument } from './put.ts';

/**
 * A person's answer. The record's write ID alone decides, whatever the fence.
 *
 * - KEYS: the scope, its index, its birth, the index of its jobs.
 * - ARGV: path, recorded, id (a write ID), name, letter, submission (6 digits), idDigest, json, retention, basis (a write ID).
 * - Answer: `ok`; or `foreign` and a name, `conflict` and the record's write ID or `absent`.
 */
export const ANSWER_RECORD: Script<RecordArgument> = recordScript(
  { name: 'answerRecord', writes: true, arguments: RECORD },
  OPEN,
  LIFE,
  PUT_RECORD,
  String.raw`
local text = liveRecord(NAME)
if foreign(text) then return answer('foreign', NAME) end
local current = text and text:sub(${AT.version}) or 'absent'
if current == ID then
  touch('r:' .. NAME, text)
  return answer('ok')
end
if current ~= BASIS then return answer('conflict', current) end
record()
close(false)
moveAll()
return answer('ok')`,
);
