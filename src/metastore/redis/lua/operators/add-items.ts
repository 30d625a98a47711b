import { lifeFrom } from '../change.ts';
import { answer } from '../clock.ts';
import { STALE, close, isReplaced, keep, open, putField } from '../scope.ts';
import { writingScript, values, type ArgumentValue, type Script } from '../script.ts';

/**
 * Notes items of a task that have records, unless a newer attempt holds the fence of the task.
 *
 * - KEYS: the scope, its index and its birth.
 * - ARGV: path, recorded, fence, nonce, retention, then items.
 * - Answer: `ok`; or `stale` and the holder.
 */
export const ADD_ITEMS: Script<'fence' | 'nonce' | 'retention', ArgumentValue> = writingScript(
  { name: 'addItems', writes: true, arguments: { fence: true, nonce: true, retention: true }, each: values('items') },
  open(),
  String.raw`
if ${isReplaced('FENCE', 'NONCE')} then ${STALE} end
for at = ITEMS, #ARGV do ${putField("'i:' .. ARGV[at]", "''")} end
local kept = ${lifeFrom('RETENTION')}
${keep('kept')}`,
  close('false'),
  `return ${answer('ok')}`,
);
