import { answer, isForeign } from '../clock.ts';
import { MOVES, MOVE_ALL } from '../jobs/moves.ts';
import { AT } from '../places.ts';
import { close, open, touch } from '../scope.ts';
import { writingScript, type Script } from '../script.ts';
import { LIVE_RECORD, RECORD, RECORD_FIELDS, putRecord, type RecordArgument } from './put.ts';

/**
 * A person's answer. The record's write ID alone decides, whatever the fence.
 *
 * - KEYS: the scope, its index and its birth, the index of its jobs.
 * - ARGV: path, recorded, id (a write ID), name, letter, submission (6 digits), idDigest, json, retention, basis (a write ID).
 * - Answer: `ok`; or `foreign` and a name, `conflict` and the record's write ID or `absent`.
 */
export const ANSWER_RECORD: Script<RecordArgument> = writingScript(
  { name: 'answerRecord', writes: true, jobs: true, arguments: RECORD },
  open(RECORD_FIELDS),
  LIVE_RECORD,
  String.raw`
if ${isForeign('text')} then return ${answer('foreign', 'NAME')} end
local current = text and text:sub(${AT.version}) or 'absent'
if current == ID then
  ${touch("'r:' .. NAME", 'text')}
  return ${answer('ok')}
end
if current ~= BASIS then return ${answer('conflict', 'current')} end`,
  MOVES,
  putRecord('false'),
  close('false'),
  MOVE_ALL,
  `return ${answer('ok')}`,
);
