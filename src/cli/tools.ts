import type { StoreConfig } from '../config/store-config.ts';
import type { doctor, reconcile, recover, StateStore, sweep } from '../index.ts';

/** What the command works with, so that a test can do without stores. */
export interface Tools {
  /** Opens the store that a configuration names. */
  open(config: StoreConfig): Promise<StateStore>;
  readonly sweep: typeof sweep;
  readonly reconcile: typeof reconcile;
  readonly recover: typeof recover;
  readonly doctor: typeof doctor;
  /** The version of the package. */
  version(): string;
}

/** What surrounds the command. */
export interface World {
  /** What was typed after `mooring`. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the work, as Ctrl-C does. */
  readonly signal: AbortSignal;
  readonly tools: Tools;
}
