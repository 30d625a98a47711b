/** `mooring/config`: a store from addresses. */
export { openStateStore } from './config/config.ts';
export { configFromEnv } from './config/environment.ts';
export type { StoreConfig } from './config/store-config.ts';
