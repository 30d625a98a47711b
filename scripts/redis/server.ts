/** A Redis of our own: free port, 127.0.0.1 only, data in a temporary folder, gone when the process that started it is gone. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { redisFolder } from './binary.ts';

const KEEPER = fileURLToPath(new URL('keeper.sh', import.meta.url));
/** A server that ends is noticed at once; a slow machine takes its time. */
const START_TIMEOUT = 300_000;
const TRIES = 3;

/** A running Redis. */
export interface RedisServer {
  readonly port: number;
  readonly version: string;
  /** Resolves when the process has ended. */
  stop(): Promise<void>;
}

/**
 * Starts a Redis and resolves when it answers.
 *
 * @param folder - where its data goes; the whole folder is removed when Redis ends, so a caller may put its own there, too.
 * @defaultValue a new temporary folder
 */
export async function startRedis(folder?: string): Promise<RedisServer> {
  const binary = join(await redisFolder(), 'redis-server');
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOn(await freePort(), binary, folder ?? (await mkdtemp(join(tmpdir(), 'mooring-redis-'))));
    } catch (error) {
      if (attempt === TRIES) throw error;
    }
  }
}

async function startOn(port: number, binary: string, folder: string): Promise<RedisServer> {
  const log = join(folder, 'redis.log');
  const options = {
    port,
    bind: '127.0.0.1',
    dir: folder,
    logfile: log,
    save: '',
    appendonly: 'no',
    'maxmemory-policy': 'noeviction',
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  // A session of its own: Ctrl-C reaches the one that started us, who still has work to do with Redis, and not Redis.
  const keeper = spawn('/bin/sh', [KEEPER, folder, binary, ...args], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = new Promise<void>((resolve) => keeper.once('exit', () => resolve()).once('error', () => resolve()));
  keeper.stdin.on('error', () => {});
  const stop = async (): Promise<void> => {
    keeper.stdin.destroy();
    await ended;
  };
  try {
    const version = await answered(port, keeper);
    return { port, version, stop };
  } catch (error) {
    const said = await readFile(log, 'utf8').catch(() => '');
    await stop();
    throw new Error(`redis-server did not start on port ${port}: ${said.trim().split('\n').at(-1)}`, { cause: error });
  }
}

/** The server's version, once it answers. */
async function answered(port: number, keeper: ChildProcess): Promise<string> {
  const deadline = Date.now() + START_TIMEOUT;
  while (Date.now() < deadline && keeper.exitCode === null) {
    const version = await askVersion(port).catch(() => undefined);
    if (version !== undefined) return version;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('no answer');
}

function askVersion(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('INFO server\r\n'));
    let text = '';
    socket.setEncoding('utf8').setTimeout(1_000, () => socket.destroy(new Error('timeout')));
    socket.on('data', (more: string) => {
      text += more;
      const version = /redis_version:(\S+)/.exec(text)?.[1];
      if (version === undefined) return;
      socket.destroy();
      resolve(version);
    });
    socket.on('error', reject).on('end', () => reject(new Error('closed')));
  });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
