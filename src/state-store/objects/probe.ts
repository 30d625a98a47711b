import { drawNonce, UNFENCED } from '../../format/write-id.ts';
import { objectName } from '../../format/object-name.ts';
import { LONGEST_PATH, LONGEST_SEGMENT, objectKey, PROBE_PATH } from '../../format/path.ts';
import type { Internals } from '../internals.ts';

/**
 * The object that `doctor()` and `ready()` put and delete again. Its key has the form of a value's key, of an asset that no user
 * can name. So `reconcile()` collects what a process left that was killed, or that may not delete.
 */

export { inParts } from '../../object-store/in-parts.ts';

/** The key of a new probe. */
export function probeKey({ namespace, random }: Internals, now: number, name = 'probe'): string {
  const id = { fence: UNFENCED, nonce: drawNonce('tool', random), sequence: 1 };
  return objectKey(
    namespace,
    PROBE_PATH,
    name,
    objectName(id, now, { type: 'bytes', codec: 'none', encrypted: false, framed: false }),
  );
}

/** The longest key that an object of a task can have, below a flow that no user can name. */
export function longestProbeKey({ namespace, random }: Internals, now: number): string {
  const id = { fence: UNFENCED, nonce: drawNonce('tool', random), sequence: 1 };
  const name = objectName(id, now, { type: 'bytes', codec: 'none', encrypted: false, framed: false });
  const segments = ['doctor=', '-', '-', '-1', '-'];
  let left = LONGEST_PATH - objectKey(namespace, segments.slice(0, 4).join('/'), '-', name).length;
  const padded = segments.map((segment, index) => {
    const pad = index === 3 ? 0 : Math.min(left, LONGEST_SEGMENT - segment.length);
    left -= pad;
    return segment + '-'.repeat(pad);
  });
  return objectKey(namespace, padded.slice(0, 4).join('/'), padded.at(-1) ?? '', name);
}

/** Whether a path is that of probes, which are not values. */
export function isProbe(path: string): boolean {
  return path === PROBE_PATH;
}
