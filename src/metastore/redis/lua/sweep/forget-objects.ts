import { answer } from '../clock.ts';
import { scopeScript, values, type ArgumentValue, type Script } from '../script.ts';

/**
 * Takes objects that were deleted off the list of superseded ones.
 *
 * - KEYS: the scope.
 * - ARGV: objects.
 * - Answer: `ok`.
 */
export const FORGET_OBJECTS: Script<never, ArgumentValue> = scopeScript(
  ['key'],
  { name: 'forgetObjects', writes: true, arguments: {}, each: values('objects') },
  String.raw`
for at = OBJECTS, #ARGV do redis.call('HDEL', KEY, 's:' .. ARGV[at]) end
return ${answer('ok')}`,
);
