import { Redis } from 'ioredis';
import { monitored, type Sent } from './monitor.ts';
import { startRedis } from '../../scripts/redis/server.ts';

/** The private Redis of a bench. */
export interface BenchRedis {
  readonly port: number;
  readonly url: string;
  /** A connection for the harness itself. */
  readonly control: Redis;
  /** A new connection with the client's defaults: each side has one of its own. */
  connect(): Redis;
  /** CPU that the server has used, in microseconds: of all its threads, in user and system mode. */
  cpu(): Promise<number>;
  /** Commands that clients send, and those that scripts call, while the work is done. */
  commands(work: () => Promise<unknown>): Promise<Sent>;
  stop(): Promise<void>;
}

/** Starts a Redis of our own, with the client's default settings. */
export async function startBenchRedis(): Promise<BenchRedis> {
  const server = await startRedis();
  const clients: Redis[] = [];
  const connect = (): Redis => {
    const client = new Redis(server.port, '127.0.0.1', { maxRetriesPerRequest: null });
    clients.push(client);
    return client;
  };
  const control = connect();
  return {
    port: server.port,
    url: `redis://127.0.0.1:${server.port}`,
    control,
    connect,
    async cpu() {
      const info = await control.info('cpu');
      const of = (field: string): number => Number(new RegExp(`^${field}:([\\d.]+)`, 'm').exec(info)?.[1]);
      return (of('used_cpu_user') + of('used_cpu_sys')) * 1e6;
    },
    commands: (work) => monitored(server.port, (text) => control.echo(text), work),
    async stop() {
      for (const client of clients) client.disconnect();
      await server.stop();
    },
  };
}
