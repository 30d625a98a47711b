import { FENCE_KEPT, LATENESS, SWEEP_TIME } from '../../../lifetimes.ts';
import { answer } from '../clock.ts';
import { AT, instantText } from '../places.ts';
import { close, due, open, putField } from '../scope.ts';
import { writingScript, type Script } from '../script.ts';

/**
 * After success: the whole scope ends then, if this attempt still holds the fence.
 *
 * - KEYS: the scope, its index, its birth.
 * - ARGV: path, recorded, fence, nonce, within (milliseconds), keepFence (it outlives the scope).
 * - Answer: `ok`.
 */
export const SETTLE: Script<'fence' | 'nonce' | 'within' | 'keepFence'> = writingScript(
  {
    name: 'settle',
    writes: true,
    arguments: { fence: true, nonce: true, within: true, keepFence: true },
    suits: () => false,
  },
  open(),
  String.raw`
if held ~= FENCE .. ' ' .. NONCE then return ${answer('ok')} end
ends = now + WITHIN
local keepFence, isIndexed = KEEP_FENCE == '1', redis.call('ZSCORE', DUE, PATH)
${putField("'ends'", instantText('ends'))}
if keepFence or isIndexed then ${due('ends')} end
local gone, lasts = math.max(ends + ((keepFence or isIndexed) and ${SWEEP_TIME} or 0), now + ${2 * LATENESS}), keepFence
for _, field in ipairs(keepFence and {} or redis.call('HKEYS', KEY)) do
  if field:sub(${AT.kind}) == 'o:' then lasts = true end
end
if lasts then gone = math.max(gone, now + ${FENCE_KEPT}) end
redis.call('PEXPIREAT', KEY, string.format('%.0f', gone))`,
  close('false'),
  `return ${answer('ok')}`,
);
