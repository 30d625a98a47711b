import type { CallOptions } from '../../async/deadline.ts';
import { AmbiguousSubmitError, ConfigError, CorruptEntryError } from '../../model/errors/store.ts';
import { decodeSegment, pathScope, taskPath } from '../../format/path.ts';
import { readRecordHead, recordJson } from '../../format/record-head.ts';
import { isTaskScope, type AssetScope, type TaskScope } from '../../model/scope.ts';
import type { HandleParts } from './deps.ts';
import type { Place } from './scope-location.ts';
import { sendTwice } from '../write/send-twice.ts';

/** Wiping scopes. What keeps an old attempt out afterwards is part of the metastore's step. */

/**
 * Wipes a scope, or with `allItems` every mapped item of its task in its run.
 *
 * @throws {@link AmbiguousSubmitError} while a submit is unresolved; with `allItems` after the other items were wiped.
 * {@link ConfigError} inside an attempt, and for the items of an asset.
 */
export async function clear(parts: HandleParts, call: CallOptions, allItems = false): Promise<void> {
  if (typeof allItems !== 'boolean') throw new ConfigError('allItems', 'must be true or false', allItems);
  const { core, place, access } = parts;
  const { scope } = place;
  if (isTaskScope(scope) && access.fenced) {
    throw new ConfigError('clear()', 'is for people and tools: inside an attempt it would end the attempt itself; use delete()');
  }
  if (!allItems) return clearPlace(parts, place, call);
  if (!isTaskScope(scope)) throw new ConfigError('allItems', 'is for tasks: an asset has no items', true);

  const others = new Set<string>();
  for await (const path of core.metastore.scopes(`${taskPath(scope)}/`, call)) if (path !== place.address.path) others.add(path);
  const unresolved: AmbiguousSubmitError[] = [];
  for (const item of [place, ...[...others].map((path) => itemPlace(place, path))]) {
    await clearPlace(parts, item, call).catch((error: unknown) => {
      if (!(error instanceof AmbiguousSubmitError)) throw error;
      unresolved.push(error);
    });
  }
  if (unresolved[0]) throw unresolved[0];
}

/** A place by its path alone: where that holds a digest, the scope was recorded when the state was written. */
function itemPlace({ scope }: Place, path: string): Place {
  return { scope: pathScope(path) ?? scope, address: { path } };
}

async function clearPlace({ core, access }: HandleParts, place: Place, call: CallOptions): Promise<void> {
  const id = (await access.writer(call)).next();
  const reply = await sendTwice(core, call, true, (_resent, within) => core.metastore.clear(place.address, id, within));
  if (reply.kind === 'ambiguous') throw unresolvedSubmit(place.scope, reply.name, reply.text);
}

function unresolvedSubmit(scope: TaskScope | AssetScope, name: string, text: string): Error {
  const where = { scope, key: decodeSegment(name) ?? name };
  const { submission, updatedAt } = readRecordHead(text);
  try {
    const { idempotencyKey } = JSON.parse(recordJson(text)) as { idempotencyKey: string };
    return new AmbiguousSubmitError({ idempotencyKey, submission, since: new Date(updatedAt) }, where);
  } catch {
    return new CorruptEntryError('the record of the external job is damaged', where);
  }
}
