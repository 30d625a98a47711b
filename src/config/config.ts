import type { StateStore } from '../state-store/state-store.ts';
import { openWith } from './open-store.ts';
import { installed } from './clients/packages.ts';
import type { StoreConfig } from './store-config.ts';

export { configFromEnv } from './environment.ts';
export type { StoreConfig } from './store-config.ts';

/**
 * `mooring/config`: a store from addresses. The only place that makes clients: it loads those that the addresses name, from packages
 * that the user installed, and closes them with the store.
 */

/**
 * State of tasks and assets, in the stores that the addresses name. Connects to nothing yet: `ready()` says whether they can be used.
 * `close()` also closes the clients.
 *
 * @throws `ConfigError` for an option that cannot be meant, a connection that is not declared, a folder that cannot be used, or a
 * package that is not installed. It holds no credential.
 */
export function openStateStore(config: StoreConfig): Promise<StateStore> {
  return openWith(config, installed, process.env);
}
