import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './until.ts';

/**
 * Real Redis servers from PATH, on free ports of 127.0.0.1, with their data in a temporary folder. Each hangs on a pipe of this
 * process: when it ends, however, the server is killed and its folder removed.
 */

/** A server of a test. */
export interface TestRedis {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Of the server itself: for SIGSTOP and SIGKILL. */
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
  /** Of a server that was killed; it is not removed at the end, if given. */
  directory?: string;
}

// The pipe ends when this process does, however it dies; whoever is stopped by a signal is killed all the same.
const KEEPER = `
"$@" </dev/null & kept=$!
echo "$kept"
trap : TERM INT HUP
cat >/dev/null
kill -KILL "$kept" 2>/dev/null
wait "$kept" 2>/dev/null
[ -z "$REMOVE" ] || rm -rf "$REMOVE"
`;

/** Starts a server and resolves when it answers. */
export async function startRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'mooring-test-redis-')));
  const port = options.port ?? (await freePort());
  const keeper = spawn(
    '/bin/sh',
    ['-c', KEEPER, 'keeper', 'redis-server', '--port', String(port), '--bind', '127.0.0.1', '--dir', directory]
      .concat(['--save', '', '--appendonly', 'no', '--loglevel', 'warning', '--repl-diskless-sync-delay', '0'])
      .concat(options.args ?? []),
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, REMOVE: options.directory === undefined ? directory : '' },
    },
  );
  const said: string[] = [];
  keeper.stdout.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  keeper.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  keeper.stdin.on('error', () => undefined);
  const kept = async (): Promise<number> => {
    await until(() => said.join('').includes('\n'));
    return Number.parseInt(said.join(''), 10);
  };
  const end = async (): Promise<void> => {
    keeper.stdin.destroy();
    if (keeper.exitCode === null) await once(keeper, 'exit');
  };
  try {
    const pid = await kept();
    await until(async () => {
      if (hasEnded(keeper, pid)) throw new Error('it ended');
      return /^\+PONG|^-(?:NOAUTH|LOADING)/.test(await request(port, ['ping']).catch(() => ''));
    });
    return {
      host: '127.0.0.1',
      port,
      pid,
      directory,
      command: (...words) => request(port, words),
      async kill() {
        process.kill(pid, 'SIGKILL');
        await until(() => hasEnded(keeper, pid));
      },
      stop: end,
    };
  } catch (error) {
    await end();
    throw new Error(`redis-server did not start on port ${port}: ${said.join('')}`, { cause: error });
  }
}

/** A Cluster of masters without replicas, and the address to give to a client. */
export interface TestCluster {
  readonly nodes: readonly TestRedis[];
  stop(): Promise<void>;
}

const SLOTS = 16_384;

/** Starts a Cluster and resolves when every node knows every slot. */
export async function startRedisCluster(masters = 3): Promise<TestCluster> {
  const nodes = await Promise.all(
    Array.from({ length: masters }, async () =>
      startRedis({
        args: ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort()), '--cluster-node-timeout', '2000'],
      }),
    ),
  );
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    const [first, ...others] = nodes as [TestRedis, ...TestRedis[]];
    for (const [at, node] of nodes.entries()) {
      const [from, to] = [at, at + 1].map((share) => Math.floor((share * SLOTS) / masters)) as [number, number];
      await node.command('cluster', 'addslotsrange', String(from), String(to - 1));
    }
    const bus = async (node: TestRedis): Promise<string> =>
      /cluster-port\r\n\$\d+\r\n(\d+)/.exec(await node.command('config', 'get', 'cluster-port'))?.[1] ?? '';
    for (const other of others) await first.command('cluster', 'meet', other.host, String(other.port), await bus(other));
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

/** A port that was free just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function hasEnded(keeper: ChildProcess, pid: number): boolean {
  if (keeper.exitCode !== null) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
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
