import { startS3, S3_CREDENTIALS, type S3Server } from './s3-server.ts';

export type { S3Server } from './s3-server.ts';

/** Starts a MinIO, with a key of its own so that encryption at rest (SSE-S3) can be asked for, and without its console. */
export function startMinio(): Promise<S3Server> {
  return startS3({
    name: 'minio',
    args: (port, folder) =>
      ['--quiet', '--certs-dir', `${folder}/certs`].concat('server', '--address', `127.0.0.1:${port}`, `${folder}/data`),
    env: {
      MINIO_ROOT_USER: S3_CREDENTIALS.accessKeyId,
      MINIO_ROOT_PASSWORD: S3_CREDENTIALS.secretAccessKey,
      MINIO_KMS_SECRET_KEY: `mooring-test:${Buffer.alloc(32, 7).toString('base64')}`,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
    },
    health: '/minio/health/ready',
  });
}
