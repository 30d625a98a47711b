/** `mooring/redis`: a metastore in Redis. */
export { type Durability, type RedisClient, redisMetastore, type RedisMetastoreOptions } from './metastore/redis/store.ts';
