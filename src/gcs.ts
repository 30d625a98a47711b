/** `mooring/gcs`: an object store in a bucket of Google Cloud Storage. Loads no client. */
export { GcsError } from './object-store/gcs/errors.ts';
export type { GcsBucket, GcsFile, GcsObjectStoreOptions, GcsRequestOptions } from './object-store/gcs/options.ts';
export { gcsObjectStore } from './object-store/gcs/store.ts';
