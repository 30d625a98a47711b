import { drawNonce, UNFENCED } from '../../format/write-id.ts';
import { objectName } from '../../format/object-name.ts';
import { objectKey, PROBE_PATH } from '../../format/path.ts';
import type { Internals } from '../internals.ts';

/**
 * The object that `doctor()` and `ready()` put and delete again. Its key is of the grammar of values, of an asset that no user can
 * name, so that `reconcile()` collects the one of a process that was killed, or that may not delete.
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

/** Whether a path is that of probes, which are no values. */
export function isProbe(path: string): boolean {
  return path === PROBE_PATH;
}
