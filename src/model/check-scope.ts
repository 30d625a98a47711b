import { requireKnownNames } from './check-options.ts';
import { ConfigError, InvalidKeyError } from './errors/store.ts';
import type { AssetScope, TaskScope } from './scope.ts';

/** Scopes that users give, checked before any I/O. */

const TASK = { flow: true, run: true, task: true, mapIndex: true, itemKey: true } as const;
const ASSET = { name: true, uri: true } as const;

/**
 * A copy of a task scope.
 *
 * @throws {@link ConfigError} when it names both an index and a key, or has a part that a scope has not. {@link InvalidKeyError} when a part cannot be a segment.
 */
export function taskScope(scope: TaskScope): TaskScope {
  requireKnownNames('scope', scope, TASK);
  const { flow, run, task, mapIndex, itemKey } = scope;
  if (mapIndex !== undefined && itemKey !== undefined) {
    throw new ConfigError('scope', 'may have mapIndex or itemKey, not both');
  }
  for (const [part, text] of Object.entries({ flow, run, task, ...(itemKey === undefined ? {} : { itemKey }) })) {
    requireSegment(`the scope's ${part}`, text);
  }
  if (mapIndex === undefined) return itemKey === undefined ? { flow, run, task } : { flow, run, task, itemKey };
  if (!Number.isSafeInteger(mapIndex) || mapIndex < 0) {
    throw new InvalidKeyError("the scope's mapIndex", 'must be a whole number of at least 0', mapIndex);
  }
  return { flow, run, task, mapIndex };
}

/**
 * A copy of an asset scope.
 *
 * @throws {@link ConfigError} when it has neither a name nor a URI, both, or a part that a scope has not. {@link InvalidKeyError} when one cannot be a segment.
 */
export function assetScope(scope: AssetScope): AssetScope {
  requireKnownNames('asset', scope, ASSET);
  const { name, uri } = scope;
  if (name !== undefined && uri !== undefined) {
    throw new ConfigError('asset', 'may have a name or a uri, not both: they are two assets');
  }
  if (uri !== undefined) {
    requireSegment("the asset's uri", uri);
    return { uri };
  }
  if (name === undefined) throw new ConfigError('asset', 'must have a name or a uri');
  requireSegment("the asset's name", name);
  return { name };
}

/** Refuses what no path segment can hold, before any I/O. */
export function requireSegment(what: string, text: unknown): asserts text is string {
  if (typeof text !== 'string') throw new InvalidKeyError(what, 'must be a string', text);
  if (text === '') throw new InvalidKeyError(what, 'must not be empty', text);
  if (text === '.' || text === '..') throw new InvalidKeyError(what, "must not be '.' or '..'", text);
  if (!text.isWellFormed()) throw new InvalidKeyError(what, 'must not hold a lone surrogate', '(not well-formed text)');
}
