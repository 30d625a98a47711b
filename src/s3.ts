/** `mooring/s3`: an object store in a bucket of S3. Needs `@aws-sdk/client-s3`. */
export {
  type S3Client,
  S3Error,
  s3ObjectStore,
  type S3ObjectStoreOptions,
  type ServerSideEncryption,
} from './object-store/s3/create.ts';
