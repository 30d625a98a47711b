import { AsyncLocalStorage } from 'node:async_hooks';
import { ConfigError, type AnyShape, type StateShape, type TaskContext } from '../../../src/adapter-kit.ts';

/** The context of the running processor, for code that is not handed it as an argument. */
export const running: AsyncLocalStorage<TaskContext> = new AsyncLocalStorage();

/**
 * Returns the context of the processor that is running, for code that is not handed it.
 *
 * @throws {@link ConfigError} outside of a processor made by `withState`, `resumableProcessor` or `runWithState`.
 */
export function taskContext<Shape extends StateShape<Shape> = AnyShape>(): TaskContext<Shape> {
  const context = running.getStore();
  if (context) return context as unknown as TaskContext<Shape>;
  throw new ConfigError('taskContext()', 'must be called within a processor of withState, resumableProcessor or runWithState');
}
