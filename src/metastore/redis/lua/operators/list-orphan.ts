import { AT, LETTER } from '../places.ts';
import { MOVES } from '../jobs/moves.ts';
import { ORPHAN } from '../orphan.ts';
import { OPEN } from '../scope.ts';
import { recordScript, type Script } from '../script.ts';

/**
 * Lists an orphan, unless the record holds that external ID.
 *
 * - KEYS: the scope, its index, its birth, the index of its jobs.
 * - ARGV: path, recorded, name, idDigest, json.
 * - Answer: `listed`; or `foreign` and a name, `held`.
 */
export const LIST_ORPHAN: Script<'name' | 'idDigest' | 'json'> = recordScript(
  { name: 'listOrphan', writes: true, arguments: { name: true, idDigest: true, json: true } },
  OPEN,
  MOVES,
  ORPHAN,
  String.raw`
local text = redis.call('HGET', KEY, 'r:' .. NAME)
if foreign(text) then return answer('foreign', NAME) end
local letter = live(text) and text:sub(${AT.letter})
local holdsId = letter == ${LETTER.submitted} or letter == ${LETTER.succeeded} or letter == ${LETTER.failed}
if holdsId and text:sub(${AT.idDigest}) == ID_DIGEST then return answer('held') end
orphan(NAME, ID_DIGEST, JSON)
close(false)
moveAll()
return answer('listed')`,
);
