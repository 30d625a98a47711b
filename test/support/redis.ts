import { mkdtemp } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onFreePort } from '../../scripts/free-port.ts';
import { keep } from './keeper.ts';
import { until } from './until.ts';

export { freePort } from '../../scripts/free-port.ts';

/** Real Redis servers from PATH, on free ports of 127.0.0.1, with their data in a temporary folder, kept as in keeper.ts. */

/** A server of a test. */
export interface TestRedis {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** The server's own ID: for SIGSTOP and SIGKILL. */
  readonly pid: number;
  /** Sends one command to the server, by a connection of its own, and gives the reply as it came. */
  command(...words: string[]): Promise<string>;
  /** Kills the server and keeps its data; `startRedis({ port, directory })` starts it again. */
  kill(): Promise<void>;
  readonly directory: string;
  /** Kills the server and removes its data. */
  stop(): Promise<void>;
}

/** Options of `startRedis()`. */
export interface TestRedisOptions {
  /** Added to the command line: `['--maxmemory', '10mb']`. */
  args?: readonly string[];
  port?: number;
  /** As a node of a Cluster. @defaultValue false */
  cluster?: boolean;
  /** The folder of a server that was killed; it is not removed at the end, if given. */
  directory?: string;
}

/** Starts a server and resolves when it answers. */
export function startRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const { port, cluster = false } = options;
  if (port !== undefined) return startOn(port, options);
  return onFreePort((free) => startOn(free, options), cluster ? BUS : undefined);
}

async function startOn(port: number, options: TestRedisOptions): Promise<TestRedis> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'mooring-test-redis-')));
  const node = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'];
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory]
    .concat(['--save', '', '--appendonly', 'no', '--loglevel', 'warning', '--repl-diskless-sync-delay', '0'])
    .concat(options.cluster ? node : [])
    .concat(options.args ?? []);
  const kept = await keep({
    command: 'redis-server',
    args,
    remove: options.directory === undefined ? directory : undefined,
    answers: async () => /^\+PONG|^-(?:NOAUTH|LOADING)/.test(await request(port, ['ping'])),
  });
  return {
    host: '127.0.0.1',
    port,
    pid: kept.pid,
    directory,
    command: (...words) => request(port, words),
    async kill() {
      process.kill(kept.pid, 'SIGKILL');
      await until(kept.hasEnded);
    },
    stop: kept.end,
  };
}

/** A Cluster of masters without replicas, and the address to give to a client. */
export interface TestCluster {
  readonly nodes: readonly TestRedis[];
  stop(): Promise<void>;
}

const SLOTS = 16_384;
/** The port on which nodes talk to each other, above a node's own: Redis 6.2 knows no other. */
const BUS = 10_000;

/** Starts a Cluster and resolves when every node knows every slot. */
export async function startRedisCluster(masters = 3): Promise<TestCluster> {
  const nodes = await Promise.all(Array.from({ length: masters }, () => startRedis({ cluster: true })));
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    const [first, ...others] = nodes as [TestRedis, ...TestRedis[]];
    for (const [at, node] of nodes.entries()) {
      const [from, to] = [at, at + 1].map((share) => Math.floor((share * SLOTS) / masters)) as [number, number];
      const slots = Array.from({ length: to - from }, (_, slot) => String(from + slot));
      await node.command('cluster', 'addslots', ...slots);
    }
    for (const other of others) await first.command('cluster', 'meet', other.host, String(other.port));
    for (const node of nodes) {
      await until(async () => {
        const info = await node.command('cluster', 'info');
        return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${masters}`);
      });
    }
    return { nodes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One command and its reply, without a client: short replies only. */
function request(port: number, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(2_000, () => socket.destroy(new Error('no answer')));
    socket.on('error', reject);
    socket.once('data', (reply) => {
      socket.destroy();
      resolve(reply.toString());
    });
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    socket.write(`*${words.length}\r\n${parts.join('')}`);
  });
}
