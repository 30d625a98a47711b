/** What the workers of every runtime do with their orders: started ahead, they work at one queue when told, and end as they are told. */
import { Redis } from 'ioredis';
import { createStateStore, type StateStore } from 'mooring';
import { redisMetastore } from 'mooring/redis';
import { hangOnParent } from '../children.ts';
import { die, doAt } from '../kill.ts';
import { COMMAND_TIMEOUT, type Message, type Order, type Setting, type Work } from './messages.ts';

/** A runtime's worker at work. */
export interface Working {
  /** Takes it off its queue. */
  close(): Promise<void>;
}

/** What a runtime's worker can do. */
export interface Serving {
  work(order: Work, store: StateStore, redis: Redis): Promise<Working>;
  /** Cancels a job, wherever it is. */
  cancel?(queue: string, id: string, store: StateStore, redis: Redis): Promise<void>;
}

/** Serves until the harness is gone. */
export async function serve({ redisPort }: Setting, { work, cancel }: Serving): Promise<void> {
  const tell = hangOnParent<Message>();
  // Mooring warns of things that happen here on purpose.
  process.removeAllListeners('warning');
  const connect = (port: number): Redis => {
    const client = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null });
    client.on('error', () => {});
    return client;
  };
  const redis = connect(redisPort);
  let working: Promise<Working> | undefined;
  let goOn = (): void => {};

  const open = ({ metastorePort }: Pick<Work, 'metastorePort'>): StateStore =>
    createStateStore({
      metastore: redisMetastore({ client: metastorePort === undefined ? redis : connect(metastorePort) }),
      ...(metastorePort !== undefined && { commandTimeout: COMMAND_TIMEOUT }),
      onEvent: (event) =>
        event.type === 'decision' && tell({ type: 'decision', decision: event.decision, attempt: event.attempt }),
    });
  const stop = async (): Promise<void> => {
    await (await working)?.close();
    working = undefined;
    tell({ type: 'stopped' });
  };
  const reached = (how: NonNullable<Work['at']>['how']): void | Promise<void> => {
    if (how === 'die') die();
    if (how === 'close') return void stop();
    tell({ type: 'reached' });
    return new Promise((resolve) => (goOn = resolve));
  };
  const begin = async (order: Work): Promise<Working> => {
    const { at } = order;
    const store = open(order);
    return work(order, at ? await doAt(store, at.gap, () => reached(at.how)) : store, redis);
  };
  const obey = async (order: Order): Promise<void> => {
    if (order.type === 'work') await (working = begin(order));
    else if (order.type === 'go-on') goOn();
    else if (order.type === 'stop') await stop();
    else {
      await cancel?.(order.queue, order.id, open({}), redis);
      tell({ type: 'cancelled' });
    }
  };
  process.on('message', (order: Order) => {
    obey(order).catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    });
  });
  await redis.ping();
  tell({ type: 'ready' });
}
