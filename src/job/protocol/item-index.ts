import { scopePath } from '../../format/path.ts';
import type { TaskScope } from '../../model/scope.ts';
import { holderOf } from '../../metastore/metastore.ts';
import type { Internals } from '../../state-store/internals.ts';
import type { OwnedScope } from '../attempt/owned-scope.ts';
import { recordRetention } from './run.ts';

/**
 * Which items of a task have records. Each is noted in the scope of the task, between the item's first write-ahead and its
 * submit. Cancelling finds them there, even those that the current attempt has not reached. The task's fence guards the index: a
 * newer attempt with that fence either finds the item, or the item submits nothing.
 */

/**
 * The index of one attempt: a function that notes an item, once. Items that begin at the same time share one write. The function
 * rejects with `StaleAttemptError` or `StoreUnavailableError`.
 *
 * @param home - The scope of the task.
 */
export function createItemIndex(core: Internals, home: OwnedScope): (item: TaskScope) => Promise<void> {
  const { scope, address } = home;
  const noted = new Map<string, Promise<void>>();
  let next: { items: string[]; written: Promise<void> } | undefined;

  const write = async (items: readonly string[]): Promise<void> => {
    // Items that begin in this turn of the event loop join.
    await new Promise((resolve) => setImmediate(resolve));
    next = undefined;
    const { fence, nonce } = await home.writer();
    const request = { items, fence, nonce, retention: recordRetention(core) };
    const reply = await core.track(() => core.metastore.tasks.addItems(address, request, {}));
    if (reply.kind === 'stale') throw home.refused({ scope }, holderOf(reply));
  };

  return (item) => {
    const path = scopePath(item);
    if (path === address.path) return Promise.resolve();
    let written = noted.get(path);
    if (!written) {
      const segment = path.slice(path.lastIndexOf('/') + 1);
      if (next) next.items.push(segment);
      else {
        const items = [segment];
        next = { items, written: write(items) };
      }
      ({ written } = next);
      noted.set(path, written);
      written.catch(() => noted.delete(path));
    }
    return written;
  };
}
