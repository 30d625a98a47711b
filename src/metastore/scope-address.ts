import { pathScope, scopePath } from '../format/path.ts';
import type { AssetScope, TaskScope } from '../model/scope.ts';

/** Whose state. `recorded` is the scope as JSON, kept with the state if the path holds a digest. */
export interface ScopeAddress {
  path: string;
  recorded?: string;
}

/** The address of a scope. */
export function scopeAddress(scope: TaskScope | AssetScope): ScopeAddress {
  const path = scopePath(scope);
  return pathScope(path) === undefined ? { path, recorded: JSON.stringify(scope) } : { path };
}
