import type { CallOptions } from '../../async/deadline.ts';
import { writeIdText } from '../../format/write-id.ts';
import type { OpenMetastore, ScopeAddress } from '../metastore.ts';
import type { Connection } from './connection.ts';
import { noAnswer, unavailable } from './errors.ts';
import { HOLDS } from './lua/restore/holds.ts';
import { RESTORE_PREVIEW } from './lua/restore/preview.ts';
import { RESTORE } from './lua/restore/restore.ts';
import { changeFields } from './values.ts';
import type { Restoration } from '../upkeep.ts';

/** Questions of tools about objects, and the entries that they put back, in Redis. */

const OBJECTS_AT_ONCE = 1_000;

/** Whether the scope needs each object. */
export async function heldObjects(
  connection: Connection,
  scope: ScopeAddress,
  objects: Parameters<OpenMetastore['holds']>[1],
  call: CallOptions,
): Promise<readonly boolean[]> {
  const held: boolean[] = [];
  for (let from = 0; from < objects.length; from += OBJECTS_AT_ONCE) {
    const { rest } = await connection.run(HOLDS, scope, {}, call, { each: objects.slice(from, from + OBJECTS_AT_ONCE) });
    for (const answer of rest) held.push(answer === '1');
  }
  return held;
}

/** Puts a lost entry back. A copy that arrives later than the lateness limit could undo what was decided since, and is refused. */
export async function restoreEntry(
  connection: Connection,
  scope: ScopeAddress,
  { id, name, meta, retention, instead, apply }: Restoration,
  call: CallOptions,
): Promise<'restored' | 'there'> {
  const each = [changeFields({ name, put: { meta, body: undefined, retention } })];
  const given = { id: writeIdText(id), began: await connection.now(call), instead };
  const { kind, resent } = await connection.run(apply ? RESTORE : RESTORE_PREVIEW, scope, given, call, { each });
  if (kind === 'late') {
    const late = 'what was to be restored came later than the lateness limit';
    throw resent ? noAnswer({ key: scope.path, writes: apply }, late) : unavailable(late);
  }
  return kind === 'ok' ? 'restored' : 'there';
}
