import type { CallOptions } from '../../async/deadline.ts';
import { deleteEach } from '../delete-each.ts';
import { listPage, requireBucket } from './page.ts';
import { isNotFound, sendRequest, type GcsStore } from './request.ts';
import type { UncheckedObjectStore } from '../checked.ts';
import { progressOf } from '../progress.ts';

/** Listing and deleting objects. A name below the prefix that is no object key is not ours. */

/** The most that a page can have. */
const PAGE = 1_000;
/** Requests at the same time: the API deletes one object with each. */
const LANES = 16;

/** `list()` of the store, in the order in which the server lists: that of the names' bytes. */
export function gcsList(store: GcsStore): UncheckedObjectStore['list'] {
  return async function* list(prefix, call) {
    const progress = progressOf(call);
    let pageToken: string | undefined;
    do {
      const page = await listPage(store, prefix, call, { maxResults: PAGE, ...(pageToken !== undefined && { pageToken }) });
      progress();
      for (const { name, size, timeCreated } of page.items ?? []) {
        yield { key: name.slice(store.prefix.length), size: Number(size), modifiedAt: new Date(timeCreated) };
      }
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined && pageToken !== '');
  };
}

/**
 * `delete()` of the store. The client's own method is not used. Each of its calls sets the retries of the whole client to their
 * value when that object was named. So two calls at the same time turn them off for good.
 */
export function gcsDelete(store: GcsStore): UncheckedObjectStore['delete'] {
  return (keys, call) => {
    let bucketIsThere: Promise<void> | undefined;
    const deleteOne = async (key: string, own: CallOptions): Promise<void> => {
      const request = { operation: 'objects.delete', name: store.prefix + key } as const;
      try {
        await sendRequest(store, request, { method: 'DELETE', uri: '' }, own);
      } catch (error) {
        if (!isNotFound(error)) throw error;
        await (bucketIsThere ??= requireBucket(store, call));
      }
    };
    return deleteEach(keys, call, deleteOne, LANES);
  };
}
