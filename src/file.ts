/** `mooring/file`: an object store in a folder. */
export { fileObjectStore, type FileObjectStoreOptions } from './object-store/file/store.ts';
