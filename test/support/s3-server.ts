import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { provideServer } from '../../scripts/servers/binary.ts';
import type { ServerName } from '../../scripts/servers/list.ts';
import { onFreePort } from '../../scripts/free-port.ts';
import { keep } from './keeper.ts';

/** A real S3 server of a test: a free port of 127.0.0.1, data in a temporary folder, kept as in keeper.ts. */

/** An address at which a server answers. */
export interface S3Place {
  readonly endpoint: string;
  /** A client of its own, for another endpoint where a proxy stands between; `stop()` destroys it. */
  client(options?: Partial<S3ClientConfig>): S3Client;
  /** Makes a bucket of a new name. */
  bucket(): Promise<string>;
  /** Destroys the clients. */
  stop(): Promise<void>;
}

/** A server, whose `stop()` also kills it and removes its data. */
export interface S3Server extends S3Place {
  readonly port: number;
  /** The server's own ID: for SIGSTOP and SIGKILL. */
  readonly pid: number;
}

/** The only user of every server. */
export const S3_CREDENTIALS = { accessKeyId: 'mooring', secretAccessKey: 'mooring-secret' };
export const S3_REGION = 'us-east-1';

/** How to start one. */
export interface S3Start {
  readonly name: ServerName;
  /** Its command line. Below the folder, `data` and `attributes` are there already. */
  readonly args: (port: number, folder: string) => readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Answers with success once the server is ready. */
  readonly health: string;
}

/** Starts a server and resolves when it is ready. */
export async function startS3({ name, args, env, health }: S3Start): Promise<S3Server> {
  const command = await provideServer(name);
  const { port, kept } = await onFreePort(async (port) => {
    const folder = await mkdtemp(join(tmpdir(), `mooring-test-${name}-`));
    for (const part of ['data', 'attributes']) await mkdir(join(folder, part));
    const kept = await keep({
      command,
      args: args(port, folder),
      env: { PATH: process.env['PATH'], HOME: folder, TMPDIR: folder, GOMAXPROCS: '2', ...env },
      remove: folder,
      answers: async () => (await fetch(`http://127.0.0.1:${port}${health}`)).ok,
    });
    return { port, kept };
  });
  const place = s3Place(`http://127.0.0.1:${port}`);
  return {
    ...place,
    port,
    pid: kept.pid,
    async stop() {
      await place.stop();
      await kept.end();
    },
  };
}

/** Where a server answers that somebody else has started. */
export function s3Place(endpoint: string, settings: Partial<S3ClientConfig> = {}): S3Place {
  const clients: S3Client[] = [];
  const client: S3Place['client'] = (options = {}) => {
    const made = new S3Client({
      endpoint,
      region: S3_REGION,
      credentials: S3_CREDENTIALS,
      forcePathStyle: true,
      ...settings,
      ...options,
    });
    clients.push(made);
    return made;
  };
  return {
    endpoint,
    client,
    async bucket() {
      const name = `mooring-${randomBytes(6).toString('hex')}`;
      await client().send(new CreateBucketCommand({ Bucket: name }));
      return name;
    },
    async stop() {
      for (const made of clients.splice(0)) made.destroy();
    },
  };
}
