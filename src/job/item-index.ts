import { scopePath } from '../path.ts';
import type { TaskScope } from '../scope.ts';
import type { StoreCore } from '../state-store/core.ts';
import { recordRetention } from './run.ts';

/**
 * Which items of a task have records, written down in the scope of the task before an item's first submit: cancelling finds them there,
 * also those that the current attempt has not come to.
 */

/** Notes an item, once in an attempt. Items that begin at the same time share one write. */
export type ItemIndex = (item: TaskScope) => Promise<void>;

/** The index of one attempt. */
export function createItemIndex(core: StoreCore, task: TaskScope): ItemIndex {
  const home = scopePath(task);
  const noted = new Map<string, Promise<void>>();
  let next: { items: string[]; written: Promise<void> } | undefined;

  const write = async (items: readonly string[]): Promise<void> => {
    // Whatever begins in this turn of the event loop joins.
    await new Promise((resolve) => setImmediate(resolve));
    next = undefined;
    const request = { items, retention: recordRetention(core) };
    await core.track(() => core.metastore.addItems({ path: home, recorded: JSON.stringify(task) }, request, {}));
  };

  return (item) => {
    const path = scopePath(item);
    if (path === home) return Promise.resolve();
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
