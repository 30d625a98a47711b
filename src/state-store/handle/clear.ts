import type { CallOptions } from '../../async/deadline.ts';
import { AmbiguousSubmitError, ConfigError, CorruptEntryError } from '../../model/errors/store.ts';
import { decodeSegment, pathScope, recordAddress, taskPath } from '../../format/path.ts';
import { readRecordHead, recordJson } from '../../format/record-head.ts';
import { isTaskScope, type AssetScope, type TaskScope } from '../../model/scope.ts';
import type { HandleDeps } from './deps.ts';
import { sendTwice } from '../write/write.ts';

/** Wiping scopes. The metastore keeps an old attempt out afterwards, in the same step. */

/**
 * Wipes a scope, or with `allItems` every mapped item of its task in its run.
 *
 * @throws {@link AmbiguousSubmitError} while a submit is unresolved; with `allItems` after the other items were wiped.
 * {@link ConfigError} inside an attempt, and for the items of an asset.
 */
export async function clear(deps: HandleDeps, call: CallOptions, allItems = false): Promise<void> {
  if (typeof allItems !== 'boolean') throw new ConfigError('allItems', 'must be true or false', allItems);
  const { core, scope, address, fenced } = deps;
  if (fenced) {
    throw new ConfigError('clear()', 'is for people and tools: inside an attempt it would end the attempt itself; use delete()');
  }
  if (!allItems) return clearScope(deps, call);
  if (!isTaskScope(scope)) throw new ConfigError('allItems', 'is for tasks: an asset has no items', true);

  const items = new Map([[address.path, deps]]);
  for await (const path of core.metastore.scopes.paths(`${taskPath(scope)}/`, call)) {
    // If the path holds a digest, the scope was recorded when the state was written.
    if (!items.has(path)) items.set(path, { ...deps, scope: pathScope(path) ?? scope, address: { path } });
  }
  let unresolved: AmbiguousSubmitError | undefined;
  for (const item of items.values()) {
    await clearScope(item, call).catch((error: unknown) => {
      if (!(error instanceof AmbiguousSubmitError)) throw error;
      unresolved ??= error;
    });
  }
  if (unresolved) throw unresolved;
}

async function clearScope({ core, scope, address, access }: HandleDeps, call: CallOptions): Promise<void> {
  const id = (await access.writer(call)).next();
  const reply = await sendTwice(core, call, true, (_resent, within) => core.metastore.scopes.clear(address, id, within));
  if (reply.kind === 'ambiguous') throw unresolvedSubmit(scope, reply.name, reply.text);
}

function unresolvedSubmit(scope: TaskScope | AssetScope, name: string, text: string): Error {
  const where = { scope, key: decodeSegment(name) ?? name };
  const { submission, updatedAt } = readRecordHead(text);
  try {
    const { idempotencyKey } = JSON.parse(recordJson(text)) as { idempotencyKey: string };
    return new AmbiguousSubmitError(
      { idempotencyKey, submission, since: new Date(updatedAt), address: recordAddress(where) },
      where,
    );
  } catch {
    return new CorruptEntryError('the record of the external job is damaged', where);
  }
}
