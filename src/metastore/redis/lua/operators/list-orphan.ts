import { answer, isForeign, isLive } from '../clock.ts';
import { MOVES, MOVE_ALL } from '../jobs/moves.ts';
import { orphan } from '../orphan.ts';
import { AT } from '../places.ts';
import { hasId } from '../records/put.ts';
import { close, open } from '../scope.ts';
import { writingScript, type Script } from '../script.ts';

/**
 * Lists an orphan, unless the record holds that external ID.
 *
 * - KEYS: the scope, its index and its birth, the index of its jobs.
 * - ARGV: path, recorded, name, idDigest, json.
 * - Answer: `listed`; or `foreign` and a name, `held`.
 */
export const LIST_ORPHAN: Script<'name' | 'idDigest' | 'json'> = writingScript(
  { name: 'listOrphan', writes: true, jobs: true, arguments: { name: true, idDigest: true, json: true } },
  open({ text: "'r:' .. NAME" }),
  MOVES,
  String.raw`
if ${isForeign('text')} then return ${answer('foreign', 'NAME')} end
local letter = ${isLive('text')} and text:sub(${AT.letter})
if ${hasId('letter')} and text:sub(${AT.idDigest}) == ID_DIGEST then return ${answer('held')} end`,
  orphan('NAME', 'ID_DIGEST', 'JSON'),
  close('false'),
  MOVE_ALL,
  `return ${answer('listed')}`,
);
