import type { Redis } from 'ioredis';

/** What half a minute would do: the lock of a dead worker lapses, and BullMQ's next check finds its job. */
export async function letTheLockLapse(connection: Redis, queue: string, id: string): Promise<void> {
  await connection.sadd(`bull:${queue}:stalled`, id);
  await connection.del(`bull:${queue}:${id}:lock`, `bull:${queue}:stalled-check`);
}
