import { startS3, S3_CREDENTIALS, type S3Server } from './s3-server.ts';

export type { S3Server } from './s3-server.ts';

/**
 * Starts a versitygw over a folder. Its conditional writes are not atomic. It keeps what belongs to an object in files next to
 * the data, so the folder may lie where there are no extended attributes.
 */
export function startVersityGateway(): Promise<S3Server> {
  return startS3({
    name: 'versitygw',
    args: (port, folder) =>
      ['--quiet', '--keep-alive', '--health', '/health', '--port', `127.0.0.1:${port}`].concat([
        'posix',
        '--sidecar',
        `${folder}/attributes`,
        `${folder}/data`,
      ]),
    env: { ROOT_ACCESS_KEY: S3_CREDENTIALS.accessKeyId, ROOT_SECRET_KEY: S3_CREDENTIALS.secretAccessKey },
    health: '/health',
  });
}
