/** A Redis of our own: free port, 127.0.0.1 only, data in a temporary folder, gone when the process that started it is gone. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onFreePort } from '../free-port.ts';
import { redisFolder } from './binary.ts';

const KEEPER = fileURLToPath(new URL('keeper.sh', import.meta.url));
/** A server that ends is noticed at once; a slow machine takes its time. */
const START_TIMEOUT = 300_000;

/** A running Redis. */
export interface RedisServer {
  readonly port: number;
  /** The process, for its signals. */
  readonly pid: number;
  readonly version: string;
  /** Resolves when the process has ended. */
  stop(): Promise<void>;
}

/** How it is started, where that is not as a server alone. */
export interface RedisRole {
  /** Settings in addition to ours, by their name: `{ replicaof: ['127.0.0.1', '6379'] }`. */
  readonly settings?: Readonly<Record<string, string | readonly string[]>>;
  /** The configuration of a Sentinel, which watches servers in place of being one. */
  readonly sentinel?: string;
}

/**
 * Starts a Redis and resolves when it answers.
 *
 * @param folder - where its data goes; the whole folder is removed when Redis ends, so a caller may put its own there, too.
 * @defaultValue a new temporary folder
 */
export async function startRedis(folder?: string, role: RedisRole = {}): Promise<RedisServer> {
  const binary = join(await redisFolder(), 'redis-server');
  const start = async (port: number): Promise<RedisServer> =>
    startOn(port, binary, folder ?? (await mkdtemp(join(tmpdir(), 'mooring-redis-'))), role);
  return onFreePort(start, role.settings?.['cluster-enabled'] === 'yes' ? BUS : undefined);
}

async function startOn(port: number, binary: string, folder: string, { settings, sentinel }: RedisRole): Promise<RedisServer> {
  const log = join(folder, 'redis.log');
  const data = { save: '', appendonly: 'no', 'maxmemory-policy': 'noeviction', ...settings };
  const options = { port, bind: '127.0.0.1', dir: folder, logfile: log, ...(sentinel === undefined && data) };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, ...[value].flat().map(String)]);
  if (sentinel !== undefined) {
    // It writes what it learns into this file.
    const file = join(folder, 'sentinel.conf');
    await writeFile(file, sentinel);
    args.unshift(file, '--sentinel');
  }
  // A session of its own: Ctrl-C reaches the one that started us, who still has work to do with Redis, and not Redis.
  const keeper = spawn('/bin/sh', [KEEPER, folder, binary, ...args], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = new Promise<void>((resolve) => keeper.once('exit', () => resolve()).once('error', () => resolve()));
  keeper.stdin.on('error', () => {});
  const stop = async (): Promise<void> => {
    keeper.stdin.destroy();
    await ended;
  };
  try {
    const said = await answered(port, keeper);
    return { port, ...said, stop };
  } catch (error) {
    const said = await readFile(log, 'utf8').catch(() => '');
    await stop();
    throw new Error(`redis-server did not start on port ${port}: ${said.trim().split('\n').at(-1)}`, { cause: error });
  }
}

/** Who it is, once it answers. */
async function answered(port: number, keeper: ChildProcess): Promise<Pick<RedisServer, 'version' | 'pid'>> {
  const deadline = Date.now() + START_TIMEOUT;
  while (Date.now() < deadline && keeper.exitCode === null) {
    const info = await askInfo(port).catch(() => undefined);
    if (info !== undefined) return info;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('no answer');
}

function askInfo(port: number): Promise<Pick<RedisServer, 'version' | 'pid'>> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('INFO server\r\n'));
    let text = '';
    socket.setEncoding('utf8').setTimeout(1_000, () => socket.destroy(new Error('timeout')));
    socket.on('data', (more: string) => {
      text += more;
      const version = /redis_version:(\S+)/.exec(text)?.[1];
      const pid = /process_id:(\d+)\r/.exec(text)?.[1];
      if (version === undefined || pid === undefined) return;
      socket.destroy();
      resolve({ version, pid: Number(pid) });
    });
    socket.on('error', reject).on('end', () => reject(new Error('closed')));
  });
}

/** The nodes of a Cluster talk to each other on a port so far above their own. */
const BUS = 10_000;
