import { createRequire } from 'node:module';
import { Redis } from 'ioredis';
import { createStateStore } from 'mooring';
import { wake } from 'mooring/bullmq';
import { redisMetastore } from 'mooring/redis';

/** A process without a worker, such as a web server, that is told of callbacks. Ends with the test that started it. */
process.on('disconnect', () => process.exit());
const redis = new Redis(Number(process.env.MOORING_TEST_REDIS_PORT), '127.0.0.1', { maxRetriesPerRequest: null });
const require = createRequire(import.meta.url);
const opened = new Map();

function open(name, bullmq) {
  const { Queue } = require(bullmq === '6' ? 'bullmq' : 'bullmq-5');
  const queue = new Queue(name, { connection: { host: redis.options.host, port: redis.options.port } });
  return { queue, store: createStateStore({ metastore: redisMetastore({ client: redis }), namespace: name }) };
}

async function answer({ call, name, bullmq, token, stored }) {
  if (!opened.has(name)) opened.set(name, open(name, bullmq));
  const { queue, store } = opened.get(name);
  const outcome = await wake(queue, token, stored ? { store } : {}).catch((error) => ({ error: error.message }));
  process.send?.({ call, outcome });
}
process.on('message', (asked) => void answer(asked));
process.send?.('ready');
