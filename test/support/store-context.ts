import { systemTimer } from '../../src/async/deadline.ts';
import { systemClock } from '../../src/async/clock.ts';
import type { Logger } from '../../src/observe/logger.ts';
import { openMetastore, type MetastoreContext, type OpenMetastore } from '../../src/metastore/metastore.ts';
import { systemRandom } from '../../src/async/random.ts';
import { redisMetastore, type RedisMetastoreOptions } from '../../src/redis.ts';

/** Opens a Redis metastore as a store would. */
export function openRedisMetastore(
  options: RedisMetastoreOptions,
  context: Partial<Pick<MetastoreContext, 'namespace' | 'commandTimeout' | 'logger'>> = {},
): OpenMetastore {
  return openMetastore(redisMetastore(options), {
    namespace: 'default',
    commandTimeout: 2_000,
    clock: systemClock,
    timer: systemTimer,
    random: systemRandom,
    logger: undefined,
    ...context,
  });
}

/** A logger that keeps what it is told. */
export function keepingLogger(): Logger & { readonly lines: readonly { level: string; fields: object; message: string }[] } {
  const lines: { level: string; fields: object; message: string }[] = [];
  const at = (level: string) => (fields: object, message: string) => {
    lines.push({ level, fields, message });
  };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
