import { isLive } from '../clock.ts';
import { lifeFrom } from '../change.ts';
import { enter, leave, rankOf } from '../jobs/moves.ts';
import { LETTER, head } from '../places.ts';
import { dropField, expires, putField } from '../scope.ts';

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

/** Whether a record with this letter, a name of Lua, holds an external ID. */
export function hasId(letter: string): string {
  return `(${letter} == ${LETTER.submitted} or ${letter} == ${LETTER.succeeded} or ${letter} == ${LETTER.failed})`;
}

/** What to read of a scope with a record: its text, and whether its external ID is an orphan. */
export const RECORD_FIELDS = { text: "'r:' .. NAME", listed: "'o:' .. NAME .. ':' .. ID_DIGEST" } as const;

/** `text` is a record that counts, or false. */
export const LIVE_RECORD: string = `text = ${isLive('text')} and text`;

/**
 * Puts the record that the arguments say; `gone` is its end. Any write of an external ID takes it off the orphans.
 *
 * @param mayBeListed - Lua: whether the same script may list that ID as an orphan.
 */
export function putRecord(mayBeListed: string): string {
  return String.raw`
local gone = ${lifeFrom('RETENTION')}
${putField("'r:' .. NAME", `${head('LETTER', 'ID', 'gone')} .. ' ' .. ID_DIGEST .. ' ' .. SUBMISSION .. ' ' .. JSON`)}
if (listed or ${mayBeListed}) and ${hasId('LETTER')} then
  ${dropField("'o:' .. NAME .. ':' .. ID_DIGEST")}
  ${leave("NAME .. ':' .. ID_DIGEST")}
end
local rank = ${rankOf('LETTER')}
if rank then
  ${enter('NAME', 'rank', '(tonumber(SINCE) or now)')}
else
  ${leave('NAME')}
end
${expires('gone')}`;
}
