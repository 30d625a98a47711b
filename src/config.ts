/** `mooring/config`: a store from addresses. */
export { configFromEnv, openStateStore, type StoreConfig } from './config/config.ts';
