import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Bucket, Storage } from '@google-cloud/storage';
import { provideServer } from '../../scripts/servers/binary.ts';
import { onFreePort } from './free-port.ts';
import { keep } from './keeper.ts';

/** A fake-gcs-server of a test: a free port of 127.0.0.1, objects in its memory, kept as in keeper.ts. */

/** A server. */
export interface GcsServer {
  readonly endpoint: string;
  readonly port: number;
  /** The server's own ID: for SIGSTOP and SIGKILL. */
  readonly pid: number;
  /**
   * Makes a bucket of a new name, and gives it as a client of this major version sees it. The endpoint is another one if a proxy
   * stands between. The client's own pauses are short.
   *
   * @defaultValue '7'
   */
  bucket(major?: GcsClient, endpoint?: string): Promise<Bucket>;
  /** Kills the server. */
  stop(): Promise<void>;
}

/** The clients that the package works with. */
export type GcsClient = '7' | '7-oldest' | '8';

const PROJECT = 'mooring-test';

/**
 * Seconds. The client's retries cannot be stopped, and what is left of them when a test file has ended fails in the next one. So they follow
 * one another at once, and the end of the server waits for the last of them.
 */
const RETRY_DELAY = 0.05;
const RETRIES = 3;

/** Starts a server and resolves when it is ready. */
export async function startFakeGcs(): Promise<GcsServer> {
  const command = await provideServer('fake-gcs-server');
  const { port, kept } = await onFreePort(async (port) => {
    const folder = await mkdtemp(join(tmpdir(), 'mooring-test-fake-gcs-'));
    const kept = await keep({
      command,
      args: ['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-backend', 'memory', '-log-level', 'error'].concat([
        '-external-url',
        `http://127.0.0.1:${port}`,
        '-public-host',
        `127.0.0.1:${port}`,
      ]),
      env: { PATH: process.env['PATH'], HOME: folder, TMPDIR: folder, GOMAXPROCS: '2' },
      remove: folder,
      answers: async () => (await fetch(`http://127.0.0.1:${port}/_internal/healthcheck`)).ok,
    });
    return { port, kept };
  });
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    endpoint,
    port,
    pid: kept.pid,
    async bucket(major = '7', through = endpoint) {
      const name = `mooring-${randomBytes(6).toString('hex')}`;
      const made = await fetch(`${endpoint}/storage/v1/b?project=${PROJECT}`, { method: 'POST', body: JSON.stringify({ name }) });
      if (!made.ok) throw new Error(`no bucket was made: ${made.status} ${await made.text()}`);
      return (await connect(major, through)).bucket(name);
    },
    async stop() {
      await kept.end();
      await pause((RETRIES + 1) * RETRY_DELAY * 1_000);
    },
  };
}

async function connect(major: GcsClient, apiEndpoint: string): Promise<Storage> {
  const options = { apiEndpoint, projectId: PROJECT, retryOptions: { maxRetries: RETRIES, maxRetryDelay: RETRY_DELAY } };
  if (major === '7') return new (await import('@google-cloud/storage')).Storage(options);
  const { Storage } = major === '8' ? await import('google-cloud-storage-8') : await import('google-cloud-storage-oldest');
  return new Storage(options) as unknown as Storage;
}
