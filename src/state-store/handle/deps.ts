import type { EntryMeta } from '../../format/entry.ts';
import { NEVER } from '../../format/head.ts';
import type { Version } from '../../format/write-id.ts';
import { keyName, objectKey } from '../../format/path.ts';
import type { Access } from './access.ts';
import type { StoreCore } from '../internals.ts';
import type { Place } from './scope-location.ts';
import type { Entry } from '../state-handle.ts';

/** What every operation of a handle works on. */
export interface HandleParts {
  readonly core: StoreCore;
  readonly place: Place;
  readonly access: Access;
}

/** A key that passed the grammar. */
export interface CheckedKey {
  key: string;
  name: string;
}

/** As long as the longest name of an object. */
const OBJECT_NAME = 'x'.repeat(128);

/**
 * Checks a key, also for a value that stays inline: whether a key is good must not depend on the size of a value.
 *
 * @throws {@link InvalidKeyError}
 */
export function checkKey({ core, place }: HandleParts, key: string): CheckedKey {
  const name = keyName(key);
  objectKey(core.namespace, place.address.path, name, OBJECT_NAME);
  return { key, name };
}

/** What users see of an entry. */
export function publicEntry(
  key: string,
  version: Version,
  meta: EntryMeta,
  times: { updatedAt: number; expiresAt: number },
): Entry {
  return {
    key,
    version,
    size: meta.size,
    offloaded: meta.ref !== undefined,
    updatedAt: new Date(times.updatedAt),
    expiresAt: times.expiresAt === NEVER ? undefined : new Date(times.expiresAt),
    writer: meta.writer,
  };
}
