import { ENTRY_FORMAT, ENTRY_KIND } from '../../../../format/entry.ts';
import { INSTANT_LENGTH, NEVER } from '../../../../format/head.ts';
import { FENCE_KEPT, KEPT_IN_STEPS_OF, LATENESS } from '../../../lifetimes.ts';
import type { Change } from '../change.ts';
import { answer, hasLetter, isForeign, isLive } from '../clock.ts';
import { AT, instantText } from '../places.ts';
import { scopeScript, type Narrow } from '../script.ts';

/** The arguments of `WRITE`. */
export type WriteArgument = 'id' | 'fenced' | 'began';

/** Where the parts of the first argument begin: the write ID, whether it is fenced, when it began, its retention, the JSON. */
const [FENCED, BEGAN] = [52, 53];
const RETENTION = BEGAN + INSTANT_LENGTH;
const JSON_TEXT = RETENTION + INSTANT_LENGTH;

/** A part as Lua counts its places: from 1, to the last character. */
function part(from: number, to?: number): string {
  return to === undefined ? `HEAD:sub(${from + 1})` : `HEAD:sub(${from + 1}, ${to})`;
}

/** Whether milliseconds have no more digits than an instant. */
function fits(ms: unknown): ms is number {
  return typeof ms === 'number' && ms >= 0 && ms < NEVER;
}

const TEXT = scopeScript(
  ['key'],
  { name: 'writeInline', writes: true, arguments: {} },
  String.raw`
local HEAD, NAME, EXPECT = ARGV[1], ARGV[2], ARGV[4]
local ID, fence, run, fenced = HEAD:sub(1, ${FENCED}), HEAD:sub(${AT.fence}), HEAD:sub(${AT.run}), HEAD:byte(${FENCED + 1}) == 49
local head = redis.call('HMGET', KEY, 'until', 'fence', 'ends', 'e:' .. NAME)
local before, held, text = head[1], head[2], head[4]
if not before or before == '${NEVER}' or head[3] then return ${answer('wider')} end
if fenced and held ~= fence .. ' ' .. HEAD:sub(${AT.nonce}) then return ${answer('wider')} end
if text then
  local version, writer = text:sub(${AT.version}), text:sub(${AT.headRun})
  if ${isForeign('text')} or ${hasLetter('text', ENTRY_KIND.reference)} then return ${answer('wider')} end
  if writer == run and version >= ID then return ${answer('wider')} end
  if fenced and writer ~= run and text:sub(${AT.headFence}) >= fence then return ${answer('wider')} end
end
if now - ${part(BEGAN, RETENTION)} > ${LATENESS} then return ${answer('wider')} end
if EXPECT and EXPECT ~= (${isLive('text')} and text:sub(${AT.version}) or 'absent') then return ${answer('wider')} end
local gone = math.min(now + ${part(RETENTION, JSON_TEXT)}, ${NEVER - 1})
local cover = math.max(gone, held and now + ${FENCE_KEPT} or 0)
text = '${ENTRY_FORMAT}${ENTRY_KIND.inline} ' .. ID .. ' ' .. instant .. ' ' .. ${instantText('gone')} .. ' ' .. ${part(JSON_TEXT)}
if cover <= tonumber(before) then
  redis.call('HSET', KEY, 'e:' .. NAME, text, 'v:' .. NAME, ARGV[3])
else
  -- In whole hours, so that most writes need not change it.
  cover = math.ceil(cover / ${KEPT_IN_STEPS_OF}) * ${KEPT_IN_STEPS_OF}
  redis.call('HSET', KEY, 'e:' .. NAME, text, 'v:' .. NAME, ARGV[3], 'until', ${instantText('cover')})
  redis.call('PEXPIREAT', KEY, string.format('%.0f', cover))
end
return ${answer('ok', 'instant')}`,
);

/**
 * The common case of `WRITE`: one inline value into a scope that is there. All that `WRITE` would refuse, and all that needs more, is
 * left to `WRITE`, which comes next. What is checked is the same, so the order does not matter.
 *
 * - KEYS: the scope.
 * - ARGV: one text of fixed places (the write ID, fenced, began, retention), with the entry's JSON after them; the name; the body; the
 *   version to compare with, if any.
 * - Answer: `ok` and when it was applied; or `wider`.
 */
export const WRITE_INLINE: Narrow<WriteArgument, Change> = {
  ...TEXT,
  suits: ({ began }, [change, ...others]) =>
    others.length === 0 &&
    change?.kind === ENTRY_KIND.inline &&
    change.body !== undefined &&
    fits(change.retention) &&
    fits(began),
  arrange(args, { id, fenced, began }, [change]) {
    const times = [began, change?.retention].map((ms) => String(ms).padStart(INSTANT_LENGTH, '0'));
    args.push(`${String(id)}${fenced === true ? 1 : 0}${times.join('')}${String(change?.json)}`);
    args.push(change?.name as string, change?.body as Buffer);
    if (change?.expect !== undefined) args.push(change.expect as string);
  },
};
