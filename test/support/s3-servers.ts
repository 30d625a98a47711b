import { ListMultipartUploadsCommand, type S3Client } from '@aws-sdk/client-s3';
import { randomBytes } from 'node:crypto';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import { s3ObjectStore, type S3ObjectStoreOptions } from '../../src/s3.ts';
import { startLossyHttp, type Fate, type LossyHttp } from './lossy-http.ts';
import { startMinio } from './minio.ts';
import type { S3Server } from './s3-server.ts';
import { startVersityGateway } from './versitygw.ts';

/** Both S3 servers, each behind a proxy that loses what a test wants lost. */

/** How each is started. */
export const S3_SERVERS: readonly { name: string; start: () => Promise<S3Server> }[] = [
  { name: 'MinIO', start: startMinio },
  { name: 'versitygw', start: startVersityGateway },
];

/** A server behind a proxy. */
export interface S3Rig {
  readonly server: S3Server;
  readonly proxy: LossyHttp;
  readonly bucket: string;
  /** Through the proxy. */
  readonly client: S3Client;
  /** A store with nothing in it: below a prefix of its own, through the proxy. */
  store(options?: Partial<S3ObjectStoreOptions>): Required<ObjectStore>;
  /** The names of a store's uploads that nobody finished. */
  uploads(store: ObjectStore): Promise<readonly string[]>;
  /** While an act runs, requests of this method whose path holds the text get this fate, so many of them. */
  losing<T>(method: string, text: string, fate: Fate, act: () => Promise<T>, times?: number): Promise<T>;
  /** Runs an act and gives the requests of it, such as `PUT` and `POST ?uploads`. */
  requestsOf(act: () => Promise<unknown>): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** Starts a server, and a proxy before it. */
export async function startS3Rig(start: () => Promise<S3Server>): Promise<S3Rig> {
  const server = await start();
  const proxy = await startLossyHttp(server.port);
  const bucket = await server.bucket();
  const client = server.client({ endpoint: `http://127.0.0.1:${proxy.port}` });
  const direct = server.client();
  return {
    server,
    proxy,
    bucket,
    client,
    store: (options = {}) =>
      s3ObjectStore({ client, bucket, prefix: randomBytes(6).toString('hex'), ...options }) as Required<ObjectStore>,
    async uploads({ alias }) {
      const { Uploads = [] } = await direct.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      return Uploads.flatMap(({ Key = '' }) => (`s3:${bucket}/${Key}`.startsWith(alias) ? [Key] : []));
    },
    async losing(method, text, fate, act, times = 99) {
      let over = false;
      proxy.next((request) => !over && request.method === method && request.path.includes(text), fate, times);
      try {
        return await act();
      } finally {
        over = true;
      }
    },
    async requestsOf(act) {
      const before = proxy.requests.length;
      await act();
      return proxy.requests.slice(before).map(({ method, path }) => requestName(method, path));
    },
    async stop() {
      await proxy.stop();
      await server.stop();
    },
  };
}

/** The method, and what of the query tells S3's operations apart. */
function requestName(method: string, path: string): string {
  const query = new URLSearchParams(path.split('?')[1] ?? '');
  const named = ['uploads', 'uploadId', 'delete', 'list-type'].find((name) => query.has(name));
  return named === undefined ? method : `${method} ?${named}`;
}
