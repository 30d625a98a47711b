import type { ScopeAddress } from '../../metastore/metastore.ts';
import { pathScope, scopePath } from '../../format/path.ts';
import type { AssetScope, TaskScope } from '../../model/scope.ts';

/** Where the state of a scope lies. */
export interface Place {
  readonly scope: TaskScope | AssetScope;
  readonly address: ScopeAddress;
}

/** A place. The scope is recorded beside the state where the path does not tell it. */
export function createPlace(scope: TaskScope | AssetScope): Place {
  const path = scopePath(scope);
  return { scope, address: pathScope(path) === undefined ? { path, recorded: JSON.stringify(scope) } : { path } };
}
