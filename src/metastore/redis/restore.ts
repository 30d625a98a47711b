import { writeIdText } from '../../format/write-id.ts';
import type { MetastoreReferences } from '../restore.ts';
import type { Connection } from './connection.ts';
import { noAnswer, unavailable } from './errors.ts';
import { HOLDS } from './lua/restore/holds.ts';
import { RESTORE_PREVIEW } from './lua/restore/preview.ts';
import { RESTORE } from './lua/restore/restore.ts';
import { changeFields } from './values.ts';

/** Questions of tools about objects, and the entries that they put back, in Redis. */

const OBJECTS_AT_ONCE = 1_000;

/** References of this namespace. */
export function redisReferences({ now, run }: Connection): MetastoreReferences {
  return {
    async held(scope, objects, call) {
      const held: boolean[] = [];
      for (let from = 0; from < objects.length; from += OBJECTS_AT_ONCE) {
        const { rest } = await run(HOLDS, scope, {}, call, { each: objects.slice(from, from + OBJECTS_AT_ONCE) });
        for (const answer of rest) held.push(answer === '1');
      }
      return held;
    },
    // A copy that arrives later than the lateness limit could undo what was decided since, and is refused.
    async restore(scope, { id, name, meta, retention, instead, apply }, call) {
      const each = [changeFields({ name, put: { meta, body: undefined, retention } })];
      const given = { id: writeIdText(id), began: await now(call), instead };
      const { kind, resent } = await run(apply ? RESTORE : RESTORE_PREVIEW, scope, given, call, { each });
      if (kind === 'late') {
        const late = 'what was to be restored came later than the lateness limit';
        throw resent ? noAnswer({ key: scope.path, writes: apply }, late) : unavailable(late);
      }
      return kind === 'ok' ? 'restored' : 'there';
    },
  };
}
