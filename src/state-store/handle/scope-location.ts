import type { CallOptions } from '../../async/deadline.ts';
import { ConfigError, StoreUnavailableError } from '../../model/errors/store.ts';
import type { ScopeAddress } from '../../metastore/metastore.ts';
import { pathScope, scopePath } from '../../format/path.ts';
import type { AssetScope, TaskScope } from '../../model/scope.ts';
import type { StoreCore } from '../internals.ts';

/**
 * Where the state of a scope lies. It is the path of the scope but for assets that were declared to have a URI and a name: both
 * then lead to the path of the name, wherever the declaration was made.
 */
export interface Place {
  readonly scope: TaskScope | AssetScope;
  /** The path of the scope itself. */
  readonly home: string;
  /** The path as it is known by now; makes the declaration of an asset that was given both ways. */
  path(call: CallOptions): Promise<string>;
  /** Runs an operation there, and again where the answer is that the state has moved. */
  at<Reply>(call: CallOptions, operation: (address: ScopeAddress) => Promise<Reply>): Promise<Exclude<Reply, Moved>>;
}

/** How operations of the metastore say that an asset is at another path. */
export type Moved = { moved: string } | { kind: 'moved'; path: string };

/** A place; does no I/O. The scope is recorded beside the state where the path does not tell it. */
export function createPlace(core: StoreCore, scope: TaskScope | AssetScope): Place {
  const home = scopePath(scope);
  let address: ScopeAddress = pathScope(home) === undefined ? { path: home, recorded: JSON.stringify(scope) } : { path: home };
  let undeclared =
    !('flow' in scope) && scope.name !== undefined && scope.uri !== undefined ? scopePath({ uri: scope.uri }) : undefined;

  const settled = async (call: CallOptions): Promise<string> => {
    if (undeclared === undefined) return address.path;
    if ((await core.metastore.declare(undeclared, home, call)) === 'taken') {
      throw new ConfigError('asset', 'may not have this name and this uri: each holds state of its own; clear one of them');
    }
    undeclared = undefined;
    return address.path;
  };

  return {
    scope,
    home,
    path: settled,
    async at(call, operation) {
      await settled(call);
      // A declaration leads from one of the two to the other; a second answer means that it changed meanwhile.
      for (let tries = 0; tries < 3; tries += 1) {
        const reply = await operation(address);
        const moved = movedTo(reply);
        if (moved === undefined) return reply as Exclude<typeof reply, Moved>;
        address = { path: moved };
      }
      throw new StoreUnavailableError('the asset is declared in a circle', { scope, store: core.metastore.name });
    },
  };
}

function movedTo(reply: unknown): string | undefined {
  if (typeof reply !== 'object' || reply === null) return undefined;
  if ('moved' in reply) return reply.moved as string;
  return 'kind' in reply && reply.kind === 'moved' && 'path' in reply ? (reply.path as string) : undefined;
}
