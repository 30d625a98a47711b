import { writeIdText } from '../../format/write-id.ts';
import { PREFIX } from '../../format/redis-keys.ts';
import { closeStep, isForeign, openStep, peekScope, referenceOf, type MemoryData, type MemorySpace } from './scope.ts';
import { isReferredTo } from './sweep.ts';
import { applyChange } from './values.ts';
import type { MetastoreReferences, Restoration } from '../restore.ts';
import type { ScopeAddress } from '../scope-address.ts';

/**
 * Questions of tools about objects, and the entries that they put back, in the memory metastore. Each function mirrors the script
 * of the same name.
 */

/** References of a namespace. */
export function memoryReferences({ data, atomically }: MemorySpace): MetastoreReferences {
  return {
    held: ({ path }, objects, call) =>
      atomically(call, (now) => {
        const hash = peekScope(data, path, now);
        return objects.map(
          ({ name, object }) =>
            hash !== undefined && (isReferredTo(hash, object, name) || hash.fields.has(PREFIX.superseded + object)),
        );
      }),
    restore: (scope, entry, call) => atomically(call, (now) => restoreEntry(data, scope, entry, now)),
  };
}

/** Puts a lost entry back. */
function restoreEntry(
  data: MemoryData,
  scope: ScopeAddress,
  { id, name, meta, retention, instead, apply }: Restoration,
  now: number,
): 'restored' | 'there' {
  const fields = peekScope(data, scope.path, now)?.fields;
  const text = fields?.get(PREFIX.entry + name);
  if (fields?.has(PREFIX.superseded + (meta.ref?.object ?? ''))) return 'there';
  if (text !== undefined && !isInstead(text, instead)) return 'there';
  if (!apply) return 'restored';
  const step = openStep(data, scope, now);
  applyChange(step, { name, put: { meta, body: undefined, retention } }, writeIdText(id));
  closeStep(step);
  return 'restored';
}

function isInstead(text: string, instead: string | undefined): boolean {
  return instead !== undefined && !isForeign(text) && referenceOf(text)?.object === instead;
}
