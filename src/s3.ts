/** `mooring/s3`: an object store in a bucket of S3. Needs `@aws-sdk/client-s3`. */
export { S3Error } from './object-store/s3/errors.ts';
export type { S3Client, S3ObjectStoreOptions, ServerSideEncryption } from './object-store/s3/options.ts';
export { s3ObjectStore } from './object-store/s3/store.ts';
