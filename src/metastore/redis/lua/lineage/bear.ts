import { answer } from '../clock.ts';
import { script, type Script } from '../script.ts';
import { EVERY_SHARD } from './shards.ts';

/**
 * Makes births known, and gives a name. An existing birth is written again: a caller that asks for durability waits for what its
 * own connection wrote.
 *
 * - KEYS: the generation, the index and the birth of each shard, and after those of the last shard the name.
 * - ARGV: drawn (a name).
 * - Answer: `ok`.
 */
export const BEAR: Script<'drawn'> = script(
  [],
  { name: 'bear', writes: true, arguments: { drawn: true } },
  EVERY_SHARD,
  String.raw`
for at = 1, SHARDS_END, SHARD_SIZE do redis.call('SET', KEYS[at + BIRTH], redis.call('GET', KEYS[at + BIRTH]) or instant) end
if NAME then redis.call('SET', NAME, redis.call('GET', NAME) or DRAWN) end
return ${answer('ok')}`,
);
