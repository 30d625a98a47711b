import type { CallOptions } from '../../async/deadline.ts';
import { isNotFound, persistently, sendOnce, type GcsStore } from './request.ts';

/** What is said of an object when it is made. */

/** Of an object to be. */
export interface NewObject {
  /** In the bucket. */
  name: string;
  /** What it replaces; 0: nothing. */
  generation: number | string;
  metadata: { contentType: string; customTime?: string };
}

/** The generation of the object that is there; 0 where there is none. */
export async function generationOf(store: GcsStore, name: string, call: CallOptions): Promise<number | string> {
  const file = store.bucket.file(name);
  try {
    const { body } = await persistently(store, { operation: 'objects.get', name }, call, () =>
      sendOnce(store, file, { method: 'GET', uri: '', qs: { fields: 'generation' } }, call),
    );
    return (body as { generation: string }).generation;
  } catch (error) {
    if (isNotFound(error)) return 0;
    throw error;
  }
}

/** As the API writes a CRC-32C: 4 bytes, big endian. */
export function inBase64(sum: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(sum);
  return bytes.toString('base64');
}
