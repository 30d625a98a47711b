import type { Rig } from './rig.ts';

/** What a test sees of the far side of `processes/far-side.mjs`, and says to it. */
export interface SharedFarSide {
  readonly name: string;
  submits(): Promise<string[]>;
  polls(): Promise<number>;
  cancelled(): Promise<string[]>;
  /** Ends the job of the submit at this place. */
  end(at: number, state: 'succeeded' | 'hopeless', result?: string): Promise<void>;
}

/** The far side named as the rig's queue. */
export function sharedFarSide({ redis, queue: { name } }: Rig): SharedFarSide {
  const side: SharedFarSide = {
    name,
    submits: () => redis.lrange(`far:${name}:submits`, 0, -1),
    polls: async () => Number(await redis.get(`far:${name}:polls`)),
    cancelled: () => redis.lrange(`far:${name}:cancelled`, 0, -1),
    async end(at, state, result = '') {
      const id = `id-${(await side.submits())[at]}`;
      await redis.hset(`far:${name}:results`, id, result);
      await redis.hset(`far:${name}:states`, id, state);
    },
  };
  return side;
}
