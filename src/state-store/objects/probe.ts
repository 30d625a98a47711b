import { drawNonce, UNFENCED } from '../../format/write-id.ts';
import { objectName } from '../../format/object-name.ts';
import { objectKey, PROBE_PATH } from '../../format/path.ts';
import type { Internals } from '../internals.ts';

/**
 * The object that `doctor()` and `ready()` put and delete again. Its key has the form of a value's key, of an asset that no user
 * can name. So `reconcile()` collects what a process left that was killed, or that may not delete.
 */

/** The key of a new probe. */
export function probeKey({ namespace, random }: Internals, now: number): string {
  const id = { fence: UNFENCED, nonce: drawNonce('tool', random), sequence: 1 };
  return objectKey(
    namespace,
    PROBE_PATH,
    'probe',
    objectName(id, now, { type: 'bytes', codec: 'none', encrypted: false, framed: false }),
  );
}

/** Whether a path is that of probes, which are not values. */
export function isProbe(path: string): boolean {
  return path === PROBE_PATH;
}
