/** The environment variables, and what each holds, for errors and for `mooring --help`. */

/** All variables but those of connections. */
export const VARIABLES = {
  redis: { name: 'MOORING_REDIS', holds: 'redis://host:port/database; rediss:// with TLS, redis+cluster:// for a Cluster' },
  redisUsername: { name: 'MOORING_REDIS_USERNAME', holds: 'the user, where the address has none' },
  redisPassword: { name: 'MOORING_REDIS_PASSWORD', holds: 'the password, where the address has none' },
  queueRedis: { name: 'MOORING_QUEUE_REDIS', holds: 'where the queues of BullMQ are, if elsewhere; for the command' },
  path: { name: 'MOORING_PATH', holds: 's3://connection@bucket/prefix/, gs://connection@bucket/prefix/ or file:///folder/' },
  formerPaths: { name: 'MOORING_FORMER_PATHS', holds: 'earlier paths, separated by spaces or commas' },
  aliases: { name: 'MOORING_ALIASES', holds: 'name=path pairs, separated by spaces or commas' },
  namespace: { name: 'MOORING_NAMESPACE', holds: "the namespace ('default')" },
  offloadThreshold: { name: 'MOORING_OFFLOAD_THRESHOLD', holds: 'bytes from which on a value goes to the path (65536)' },
  maxValueBytes: { name: 'MOORING_MAX_VALUE_BYTES', holds: 'the largest value, in bytes' },
  codec: { name: 'MOORING_CODEC', holds: 'none, gzip, snappy, brotli or zstd (gzip)' },
  retention: { name: 'MOORING_RETENTION', holds: 'how long state of tasks is kept: 30d, forever (30d)' },
  commandTimeout: { name: 'MOORING_COMMAND_TIMEOUT', holds: 'the longest that one call of a store may take (10s)' },
  minTransferRate: { name: 'MOORING_MIN_TRANSFER_RATE', holds: 'bytes a second of the slowest line to the path (131072)' },
} as const;

/** What a variable sets. */
export type VariableName = keyof typeof VARIABLES;

/** The variable of each connection begins with this; its ID follows. */
export const CONNECTION_VARIABLE: string = 'MOORING_CONNECTION_';
