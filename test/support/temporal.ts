import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { provideServer } from '../../scripts/servers/binary.ts';
import { onFreePort } from '../../scripts/free-port.ts';
import { keep } from './keeper.ts';

/** A real Temporal server of a test: a free port of 127.0.0.1, its data in memory, kept as in keeper.ts. */

/** Two generations of the server, which differ in what a reset does and in standalone activities. */
export const GENERATIONS = ['temporal', 'temporal-next'] as const;

/** A generation. */
export type Generation = (typeof GENERATIONS)[number];

/** A server. */
export interface TemporalServer {
  readonly address: string;
  /** The server's own ID: for SIGSTOP and SIGKILL. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a server and resolves when it answers. */
export async function startTemporal(generation: Generation = 'temporal'): Promise<TemporalServer> {
  const command = await provideServer(generation);
  return onFreePort(async (port) => {
    const address = `127.0.0.1:${port}`;
    const folder = await mkdtemp(join(tmpdir(), 'mooring-test-temporal-'));
    const kept = await keep({
      command,
      args: ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port), '--log-level', 'error'],
      // Built without cgo, the server asks the environment who runs it.
      env: { PATH: process.env['PATH'], HOME: folder, TMPDIR: folder, USER: 'mooring', GOMAXPROCS: '2' },
      remove: folder,
      async answers() {
        const connection = await Connection.connect({ address, connectTimeout: 1_000 });
        await connection.close();
        return true;
      },
    });
    return { address, pid: kept.pid, stop: () => kept.end() };
  });
}
