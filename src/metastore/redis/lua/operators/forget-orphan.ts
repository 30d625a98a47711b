import { answer } from '../clock.ts';
import { scopeScript, type Script } from '../script.ts';

/**
 * Takes an orphan off the list.
 *
 * - KEYS: the scope, the index of its jobs.
 * - ARGV: path, name, idDigest.
 * - Answer: `ok`.
 */
export const FORGET_ORPHAN: Script<'name' | 'idDigest'> = scopeScript(
  ['key', 'jobs'],
  { name: 'forgetOrphan', writes: true, arguments: { name: true, idDigest: true } },
  String.raw`
redis.call('HDEL', KEY, 'o:' .. NAME .. ':' .. ID_DIGEST)
redis.call('ZREM', JOBS, NAME .. ':' .. ID_DIGEST .. ' ' .. PATH)
return ${answer('ok')}`,
);
