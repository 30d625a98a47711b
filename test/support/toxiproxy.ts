import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provideServer } from '../../scripts/servers/binary.ts';
import { onFreePort } from '../../scripts/free-port.ts';
import { keep } from './keeper.ts';

/** A toxiproxy of a test, kept as in keeper.ts: connections that are slow, cut, reset, or in pieces. */

/** What a connection can suffer from, with the attributes that toxiproxy takes. */
export interface Toxics {
  /** Milliseconds. */
  latency: { latency: number; jitter?: number };
  /** KB/s. */
  bandwidth: { rate: number };
  /** Nothing goes through, and the connection is closed after so many milliseconds; with 0 it never is. */
  timeout: { timeout: number };
  /** Milliseconds until the connection is reset. */
  reset_peer: { timeout: number };
  /** Pieces of so many bytes, give or take; microseconds between them. */
  slicer: { average_size: number; size_variation?: number; delay?: number };
  /** Bytes until the connection is closed. */
  limit_data: { bytes: number };
  /** Milliseconds that a closed connection stays half open. */
  slow_close: { delay: number };
}

/** A proxy in front of a server on 127.0.0.1. */
export interface ToxicProxy {
  readonly port: number;
  /** Adds a toxic to what goes to the server (`upstream`) or comes from it; the result takes it away again. @defaultValue 'downstream' */
  toxic<Type extends keyof Toxics>(
    type: Type,
    attributes: Toxics[Type],
    stream?: 'upstream' | 'downstream',
  ): Promise<() => Promise<void>>;
  /** Closes every connection, and takes no new one until `heal()`. */
  cut(): Promise<void>;
  heal(): Promise<void>;
  /** Closes every connection, and leads new ones to another server. */
  lead(target: number): Promise<void>;
}

/** A toxiproxy. */
export interface Toxiproxy {
  /** Of the server itself. */
  readonly pid: number;
  proxy(target: number): Promise<ToxicProxy>;
  stop(): Promise<void>;
}

/** Starts one and resolves when it is ready. */
export async function startToxiproxy(): Promise<Toxiproxy> {
  const command = await provideServer('toxiproxy');
  const { port, kept } = await onFreePort(async (port) => {
    const folder = await mkdtemp(join(tmpdir(), 'mooring-test-toxiproxy-'));
    const kept = await keep({
      command,
      args: ['-host', '127.0.0.1', '-port', String(port)],
      env: { PATH: process.env['PATH'], HOME: folder, LOG_LEVEL: 'error' },
      remove: folder,
      answers: async () => (await fetch(`http://127.0.0.1:${port}/version`)).ok,
    });
    return { port, kept };
  });
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { connection: 'close' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`toxiproxy refused ${method} ${path}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  let made = 0;
  return {
    pid: kept.pid,
    async proxy(target) {
      const name = `proxy-${(made += 1)}`;
      const upstream = `127.0.0.1:${target}`;
      const { listen } = (await call('POST', '/proxies', { name, listen: '127.0.0.1:0', upstream })) as { listen: string };
      const change = async (to: object): Promise<void> => {
        await call('POST', `/proxies/${name}`, to);
      };
      return {
        port: Number(listen.split(':').at(-1)),
        async toxic(type, attributes, stream = 'downstream') {
          const toxic = `toxic-${(made += 1)}`;
          await call('POST', `/proxies/${name}/toxics`, { name: toxic, type, stream, attributes });
          return async () => {
            await call('DELETE', `/proxies/${name}/toxics/${toxic}`);
          };
        },
        cut: () => change({ enabled: false }),
        heal: () => change({ enabled: true }),
        lead: (other) => change({ upstream: `127.0.0.1:${other}` }),
      };
    },
    stop: kept.end,
  };
}
