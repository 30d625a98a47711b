import { JOB_RANK } from '../../../../format/jobs/members.ts';
import { NEVER } from '../../../../format/head.ts';
import { answer, isForeign, isLive } from '../clock.ts';
import { AT, LETTER } from '../places.ts';
import { scopeScript, values, type ArgumentValue, type Script } from '../script.ts';
import { MOVES, MOVE_ALL, enter, leave, rankOf } from './moves.ts';

/**
 * Makes the index say of a scope what the scope holds.
 *
 * - KEYS: the scope, the index of its jobs.
 * - ARGV: path, then names that the index may hold without reason.
 * - Answer: `ok`.
 */
export const REBUILD: Script<never, ArgumentValue> = scopeScript(
  ['key', 'jobs'],
  { name: 'rebuildJobs', writes: true, arguments: {}, each: values('names') },
  MOVES,
  String.raw`
local ended = (tonumber(redis.call('HGET', KEY, 'ends') or '') or ${NEVER}) <= now
for at = NAMES, #ARGV do ${leave('ARGV[at]')} end
for _, field in ipairs(redis.call('HKEYS', KEY)) do
  local kind, name = field:sub(${AT.kind}), field:sub(${AT.name})
  local text = (kind == 'o:' or kind == 'r:' and not ended) and redis.call('HGET', KEY, field)
  if text and kind == 'o:' then ${enter('name', String(JOB_RANK.orphan), "(tonumber(text:match('^%d+')) or now)")} end
  if kind == 'r:' and ${isLive('text')} and not ${isForeign('text')} then
    local letter, since = text:sub(${AT.letter}), tonumber(text:sub(${AT.updatedAt})) or now
    local sound, fields = pcall(cjson.decode, text:sub(${AT.recordJson}))
    if letter ~= ${LETTER.failed} and sound and type(fields) == 'table' then since = tonumber(fields.firstSentAt) or since end
    local rank = ${rankOf('letter')}
    if rank then
      ${enter('name', 'rank', 'since')}
    else
      ${leave('name')}
    end
  end
end`,
  MOVE_ALL,
  `return ${answer('ok')}`,
);
