import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Bucket, Storage } from '@google-cloud/storage';
import { provideServer } from '../../scripts/servers/binary.ts';
import { onFreePort } from '../../scripts/free-port.ts';
import { keep } from './keeper.ts';

/** A fake-gcs-server of a test: a free port of 127.0.0.1, objects in its memory, kept as in keeper.ts. */

/** An address at which a server answers. */
export interface GcsPlace {
  readonly endpoint: string;
  /**
   * Makes a bucket of a new name, and gives it as a client of this major version sees it. The endpoint is another one if a proxy
   * stands between. The client's own pauses are short.
   *
   * @defaultValue '7'
   */
  bucket(major?: GcsClient, endpoint?: string): Promise<Bucket>;
  /** Waits for what the clients still try. */
  stop(): Promise<void>;
}

/** A server, whose `stop()` also kills it. */
export interface GcsServer extends GcsPlace {
  readonly port: number;
  /** The server's own ID: for SIGSTOP and SIGKILL. */
  readonly pid: number;
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
  const place = gcsPlace(`http://127.0.0.1:${port}`);
  return {
    ...place,
    port,
    pid: kept.pid,
    async stop() {
      await kept.end();
      await place.stop();
    },
  };
}

/** Where a server answers that somebody else has started. */
export function gcsPlace(endpoint: string): GcsPlace {
  return {
    endpoint,
    async bucket(major = '7', through = endpoint) {
      const name = `mooring-${randomBytes(6).toString('hex')}`;
      const made = await fetch(`${endpoint}/storage/v1/b?project=${PROJECT}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name }),
      });
      if (!made.ok) throw new Error(`no bucket was made: ${made.status} ${await made.text()}`);
      return (await connect(major, through)).bucket(name);
    },
    stop: () => pause((RETRIES + 1) * RETRY_DELAY * 1_000),
  };
}

async function connect(major: GcsClient, apiEndpoint: string): Promise<Storage> {
  const options = { apiEndpoint, projectId: PROJECT, retryOptions: { maxRetries: RETRIES, maxRetryDelay: RETRY_DELAY } };
  if (major === '7') return new (await import('@google-cloud/storage')).Storage(options);
  const { Storage } = major === '8' ? await import('google-cloud-storage-8') : await import('google-cloud-storage-oldest');
  return new Storage(options) as unknown as Storage;
}
