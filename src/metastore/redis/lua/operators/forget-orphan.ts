import { scopeScript, type Script } from '../script.ts';

/**
 * Takes an orphan off the list.
 *
 * - KEYS: the scope, its index, its birth.
 * - ARGV: path, recorded, name, idDigest.
 * - Answer: `ok`.
 */
export const FORGET_ORPHAN: Script<'name' | 'idDigest'> = scopeScript(
  { name: 'forgetOrphan', writes: true, arguments: { name: true, idDigest: true } },
  String.raw`
redis.call('HDEL', KEY, 'o:' .. NAME .. ':' .. ID_DIGEST)
return answer('ok')`,
);
