import { bounded, systemTimer, type CallOptions } from '../../async/deadline.ts';
import { installed } from '../../config/clients/packages.ts';
import { createRedis } from '../../config/clients/redis.ts';
import { parseRedis } from '../../config/redis-address.ts';
import { milliseconds } from '../../model/duration.ts';
import { notLoaded } from '../../model/errors/not-loaded.ts';
import { isMooringError, StoreUnavailableError } from '../../model/errors/store.ts';
import { innermostCode } from '../../model/reason.ts';
import type { StateStore, TaskScope } from '../../index.ts';
import { REMAINS, type QueueConfig, type QueueName, type RuntimeJob, type RuntimeQueue } from './queue.ts';

/** Queues of the BullMQ that the user installed, described by the shape of what is called: major versions differ. */

interface Job {
  readonly name: string | undefined;
  readonly timestamp: number;
  readonly failedReason?: string;
  getState(): Promise<string>;
  retry(state: 'failed'): Promise<void>;
  promote(): Promise<void>;
}

interface Queue {
  getJob(id: string): Promise<Job | undefined>;
  on(event: 'error', listener: () => void): unknown;
  close(): Promise<void>;
}

interface Bullmq {
  Queue: new (name: string, options: object) => Queue;
}

/** What is used of the adapter. It lies right of all rooms, so it is loaded by its place. */
interface Adapter {
  /** Takes a job out of the delayed ones; false if it is not there. */
  promote(job: Job): Promise<boolean>;
  jobScope(job: Job): TaskScope;
  cancelJob(
    queue: Queue,
    id: string,
    options: CallOptions & { store: StateStore; reason: string; scope?: () => TaskScope },
  ): Promise<boolean>;
}

async function loadAdapter(): Promise<Adapter> {
  const modules = ['cancel', 'wake', 'attempt/scope'].map(
    (name) => import(new URL(`../../../adapters/bullmq/${name}.js`, import.meta.url).href),
  );
  return Object.assign({}, ...((await Promise.all(modules)) as object[])) as Adapter;
}

/** How much longer than one command of Redis a call may take, which makes several. */
const COMMANDS = 3;

/**
 * Opens a queue. It connects with its first call, and writes nothing of its own: a queue of a misspelt name leaves no trace.
 *
 * @throws {@link ConfigError} if BullMQ or ioredis is not installed.
 */
export async function openQueue({ prefix, queue: name }: QueueName, config: QueueConfig): Promise<RuntimeQueue> {
  const [ioredis, { Queue }, adapter] = await Promise.all([installed.ioredis('redis'), loadBullmq(), loadAdapter()]);
  const address = { ...parseRedis('redis', config.redis), ...config.redisCredentials };
  const commandTimeout = milliseconds(config.commandTimeout ?? '10s', 'commandTimeout');
  const { client, close } = createRedis(ioredis, address, {}, { commandTimeout, logger: undefined });
  const queue = new Queue(name, { prefix, connection: client, skipMetasUpdate: true });
  // The calls reject with the same error.
  queue.on('error', () => undefined);

  const within = async <T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> => {
    const outcome = await bounded(systemTimer, COMMANDS * commandTimeout, signal, work).catch((cause: unknown) => {
      throw isMooringError(cause)
        ? cause
        : new StoreUnavailableError(`the queue ${name} cannot be asked (${kindOf(cause)})`, { store: 'redis', cause });
    });
    if (outcome.ended === 'value') return outcome.value;
    if (outcome.ended === 'aborted') throw outcome.reason;
    throw new StoreUnavailableError(`the queue ${name} gave no answer within ${COMMANDS * commandTimeout} ms`, {
      store: 'redis',
    });
  };

  const runtimeJob = async (job: Job): Promise<RuntimeJob> => ({
    ...(isWhole(job) ? { state: await job.getState(), task: adapter.jobScope(job).task } : { state: REMAINS, task: '' }),
    timestamp: job.timestamp,
    failedReason: job.failedReason,
    retry: ({ signal }) => within(signal, () => job.retry('failed')),
    promote: ({ signal }) => within(signal, () => adapter.promote(job)),
  });

  return {
    job: (id, { signal }) =>
      within(signal, async () => {
        const job = await queue.getJob(id);
        return job && runtimeJob(job);
      }),
    async cancel(id, { store, reason, scope, signal }) {
      const options = { store, reason, ...(scope && { scope: () => scope }), ...(signal && { signal }) };
      return within(signal, () => adapter.cancelJob(queue, id, options));
    },
    async close() {
      await queue.close().catch(() => undefined);
      await close();
    },
  };
}

function isWhole({ name, timestamp }: Job): boolean {
  return typeof name === 'string' && Number.isFinite(timestamp);
}

/** What kind of error it is. Never its text: an error about what cannot be read quotes it. */
function kindOf(error: unknown): string {
  const { name = typeof error, message = '' } = (error ?? {}) as Partial<Error>;
  return innermostCode(error) ?? (name === 'ReplyError' ? /^[A-Z]+(?= )/.exec(message)?.[0] : undefined) ?? name;
}

/** @throws {@link ConfigError} that says what to install. */
async function loadBullmq(): Promise<Bullmq> {
  return import('bullmq').catch((error: unknown) => {
    throw notLoaded(error, 'bullmq', 'a queue');
  }) as unknown as Promise<Bullmq>;
}
