/** A Temporal server of our own: free port, 127.0.0.1 only, data in memory, gone when the process that started it is gone. */
import { spawn } from 'node:child_process';
import { mkdtemp, open, readFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { provideServer } from '../servers/binary.ts';

const KEEPER = fileURLToPath(new URL('../redis/keeper.sh', import.meta.url));
/** A server that ends is noticed at once; a slow machine takes its time. */
const START_TIMEOUT = 300_000;

/** A running server. */
export interface TemporalProcess {
  readonly address: string;
  /** Resolves when the process has ended. */
  stop(): Promise<void>;
}

/** Somebody may take a free port before the server does, which takes several. */
const TRIES = 3;

/** Starts a server, built on the way where there is none, and resolves when it answers. */
export async function startTemporal(): Promise<TemporalProcess> {
  const binary = await provideServer('temporal');
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOn(await freePort(), binary);
    } catch (error) {
      if (attempt === TRIES) throw error;
    }
  }
}

async function startOn(port: number, binary: string): Promise<TemporalProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-temporal-'));
  const args = ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'error'];
  const log = await open(join(folder, 'temporal.log'), 'w');
  // A session of its own: Ctrl-C reaches the one that started us, who still has work to do with the server, and not the server.
  const keeper = spawn('/bin/sh', [KEEPER, folder, binary, ...args], {
    detached: true,
    stdio: ['pipe', log.fd, log.fd],
    // Built without cgo, the server asks the environment who runs it.
    env: { ...process.env, USER: process.env['USER'] ?? 'mooring', HOME: folder },
  });
  await log.close();
  const ended = new Promise<void>((resolve) => keeper.once('exit', () => resolve()).once('error', () => resolve()));
  keeper.stdin?.on('error', () => {});
  const stop = async (): Promise<void> => {
    keeper.stdin?.destroy();
    await ended;
  };
  const deadline = Date.now() + START_TIMEOUT;
  while (Date.now() < deadline && keeper.exitCode === null) {
    if (await answers(port)) return { address: `127.0.0.1:${port}`, stop };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const said = await readFile(join(folder, 'temporal.log'), 'utf8').catch(() => '');
  await stop();
  throw new Error(`the Temporal server did not start on port ${port}: ${said.trim().split('\n').at(-1)}`);
}

/** The port is open once the frontend serves. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
