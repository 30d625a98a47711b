/** `mooring/gcs`: an object store in a bucket of Google Cloud Storage. Loads no client. */
export {
  type GcsBucket,
  GcsError,
  type GcsFile,
  gcsObjectStore,
  type GcsObjectStoreOptions,
  type GcsRequestOptions,
} from './object-store/gcs/create.ts';
