import { HISTORY_MARK } from '../../../../format/jobs/history.ts';
import { lifeFrom } from '../change.ts';
import { answer, isForeign, isLive } from '../clock.ts';
import { AT, instantText } from '../places.ts';
import { close, expires, open, putField } from '../scope.ts';
import { writingScript, type Script } from '../script.ts';

/** The mark before a history, as Lua writes it in quotes. */
const MARK = HISTORY_MARK.replace('\n', String.raw`\n`);

/**
 * Keeps a record that an attempt waits on for longer, never shorter, as long as its write ID is still this one.
 *
 * - KEYS: the scope, its index and its birth.
 * - ARGV: path, recorded, name, basis (a write ID), retention, history (JSON that takes the place of the record's, or nothing).
 * - Answer: `ok`.
 */
export const REFRESH: Script<'name' | 'basis' | 'retention' | 'history'> = writingScript(
  { name: 'refresh', writes: true, arguments: { name: true, basis: true, retention: true, history: true } },
  open({ text: "'r:' .. NAME" }),
  String.raw`
if not ${isLive('text')} or ${isForeign('text')} or text:sub(${AT.version}) ~= BASIS then return ${answer('ok')} end
local rest = text:sub(${AT.afterExpiry})
if HISTORY ~= '' then
  -- The record's JSON has no other line break.
  local mark = rest:find('${MARK}', 1, true)
  rest = rest:sub(1, (mark or #rest) - 1) .. '${MARK}' .. HISTORY .. '}'
end
local gone = math.max(tonumber(text:sub(${AT.expiresAt})), ${lifeFrom('RETENTION')})
${putField("'r:' .. NAME", `text:sub(${AT.beforeExpiry}) .. ${instantText('gone')} .. rest`)}
${expires('gone')}`,
  close('false'),
  `return ${answer('ok')}`,
);
