import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Wake } from '../../../adapters/bullmq/index.ts';
import { ensureBuilt } from '../../../scripts/build.ts';
import type { Rig, Versions } from './rig.ts';

/** Another process that wakes jobs: it has a queue and a store of its own, and no worker. */
export interface Waker {
  /** Calls `wake()` there. `stored`: with a store. */
  wake(rig: Rig, versions: Versions, token: string, stored?: boolean): Promise<Wake>;
  stop(): void;
}

const FILE = fileURLToPath(new URL('processes/waker.mjs', import.meta.url));

/** Starts one. */
export async function startWaker(redisPort: number): Promise<Waker> {
  await ensureBuilt();
  const child = fork(FILE, [], {
    env: { ...process.env, MOORING_TEST_REDIS_PORT: String(redisPort) },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  const asked = new Map<number, (outcome: Wake) => void>();
  let calls = 0;
  child.on('message', ({ call, outcome }: { call: number; outcome: Wake }) => asked.get(call)?.(outcome));
  return {
    wake: (rig, { bullmq }, token, stored = true) =>
      new Promise((resolve) => {
        const call = (calls += 1);
        asked.set(call, resolve);
        child.send({ call, name: rig.queue.name, bullmq, token, stored });
      }),
    stop: () => void child.kill(),
  };
}
