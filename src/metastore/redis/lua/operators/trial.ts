import { answer } from '../clock.ts';
import { script, type Script } from '../script.ts';

/**
 * Calls the commands that the scripts of a worker call, so a missing right or a full server shows before half of a write is done.
 * Commands that write come last, and leave nothing behind if they are refused; no outcome is unknown.
 *
 * - KEYS: a hash, an index, a birth and an index of jobs, all of no meaning.
 * - ARGV: none.
 * - Answer: `ok`.
 */
export const TRIAL: Script = script(
  ['key', 'due', 'birth', 'jobs'],
  { name: 'trial', writes: false, arguments: {} },
  String.raw`
redis.call('HGET', KEY, 'trial')
redis.call('HMGET', KEY, 'trial')
redis.call('HEXISTS', KEY, 'trial')
redis.call('HKEYS', KEY)
redis.call('HSCAN', KEY, 0)
redis.call('EXISTS', KEY)
redis.call('ZSCORE', DUE, 'trial')
redis.call('SET', BIRTH, redis.call('GET', BIRTH) or '', 'XX')
redis.call('ZADD', DUE, 'XX', 'LT', 0, 'trial')
redis.call('ZREM', JOBS, 'trial')
redis.call('PERSIST', KEY)
redis.call('PEXPIREAT', KEY, string.format('%.0f', now + redis.call('PTTL', KEY)))
redis.call('HDEL', KEY, 'trial')
redis.call('HSET', KEY, 'trial', '1')
redis.call('HDEL', KEY, 'trial')
return ${answer('ok')}`,
);
