import { LIFE } from '../change.ts';
import { OPEN } from '../scope.ts';
import { scopeScript, values, type ArgumentValue, type Script } from '../script.ts';

/**
 * Notes items of a task that have records, unless a newer attempt holds the fence of the task.
 *
 * - KEYS: the scope, its index, its birth.
 * - ARGV: path, recorded, fence, nonce, retention, then items.
 * - Answer: `ok`; or `stale` and the holder.
 */
export const ADD_ITEMS: Script<'fence' | 'nonce' | 'retention', ArgumentValue> = scopeScript(
  { name: 'addItems', writes: true, arguments: { fence: true, nonce: true, retention: true }, each: values('items') },
  OPEN,
  LIFE,
  String.raw`
if isReplaced(FENCE, NONCE) then return stale() end
for at = ITEMS, #ARGV do put('i:' .. ARGV[at], '') end
keep(lifeFrom(RETENTION))
close(false)
return answer('ok')`,
);
