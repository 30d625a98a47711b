import { externalJob } from 'mooring';

/** A far side that several processes share: its jobs live in Redis, and end when the test says so there. */
export function farSide(redis, name, more = {}) {
  return externalJob({
    async submit(input, { idempotencyKey }) {
      await redis.rpush(`far:${name}:submits`, idempotencyKey);
      const id = `id-${idempotencyKey}`;
      await redis.hsetnx(`far:${name}:states`, id, 'active');
      return id;
    },
    idempotentFor: '1h',
    async getStatus(id) {
      await redis.incr(`far:${name}:polls`);
      const state = await redis.hget(`far:${name}:states`, id);
      if (state === 'hopeless') return { state: 'failed', reason: 'broken', retryable: false };
      return { state: state ?? 'missing' };
    },
    getResult: (id) => redis.hget(`far:${name}:results`, id),
    cancel: (id, { reason }) => redis.rpush(`far:${name}:cancelled`, `${id} ${reason}`),
    pollInterval: '30ms',
    submitTimeout: '2s',
    ...more,
  });
}
