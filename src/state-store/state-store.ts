import type { CallOptions } from '../async/deadline.ts';
import type { AssetScope, TaskScope } from '../model/scope.ts';
import type { AnyShape, StateShape } from '../model/storable.ts';
import type { StateHandle } from './state-handle.ts';

/** State of tasks and assets. Made by `createStateStore()`; not for implementing. */
export interface StateStore extends AsyncDisposable {
  /**
   * State of a task, unfenced: for people and tools. In an attempt use `ctx.state`. With a `Shape` the compiler refuses values
   * that cannot be stored. Without one, the call rejects with `InvalidValueError`.
   */
  task<Shape extends StateShape<Shape> = AnyShape>(scope: TaskScope): StateHandle<Shape>;
  /** State of an asset. A `Shape` does the same as for a task. */
  asset<Shape extends StateShape<Shape> = AnyShape>(scope: AssetScope): StateHandle<Shape>;
  /**
   * Resolves when every store can be used.
   * @throws `StoreUnavailableError`, `ConfigError`
   */
  ready(options?: CallOptions): Promise<void>;
  /**
   * Waits for operations that are in flight, and refuses later ones. Streams end with `StoreUnavailableError`: `setStream`
   * rejects if its source has not ended, and a stream of `getStream` is destroyed. Closes no client.
   */
  close(): Promise<void>;
}
