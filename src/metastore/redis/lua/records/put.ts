import { MOVES } from '../jobs/moves.ts';
import { LETTER, head } from '../places.ts';

/** Arguments of the scripts that put a record. */
export type RecordArgument = keyof typeof RECORD;

/** The names of the arguments of scripts that put a record, in their order. */
export const RECORD: Readonly<
  Record<'id' | 'name' | 'letter' | 'submission' | 'idDigest' | 'json' | 'retention' | 'basis' | 'since', true>
> = {
  id: true,
  name: true,
  letter: true,
  submission: true,
  idDigest: true,
  json: true,
  retention: true,
  basis: true,
  since: true,
};

/** `record()`: puts the record that these arguments say. Any write of an external ID takes it off the orphans. */
export const PUT_RECORD: string = String.raw`${MOVES}
local function holdsId(letter) return letter == ${LETTER.submitted} or letter == ${LETTER.succeeded} or letter == ${LETTER.failed} end
local function liveRecord(name)
  local text = redis.call('HGET', KEY, 'r:' .. name)
  return live(text) and text
end
local function record()
  local gone = lifeFrom(RETENTION)
  put('r:' .. NAME, ${head('LETTER', 'ID', 'instant(now)', 'gone')} .. ' ' .. ID_DIGEST .. ' ' .. SUBMISSION .. ' ' .. JSON)
  if holdsId(LETTER) then
    drop('o:' .. NAME .. ':' .. ID_DIGEST)
    move(NAME .. ':' .. ID_DIGEST, nil)
  end
  move(NAME, rankOf(LETTER), tonumber(SINCE) or now)
  expires(gone)
  return gone
end`;
