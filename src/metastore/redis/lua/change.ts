import { ENTRY_KIND } from '../../../format/entry.ts';
import { NEVER } from '../../../format/head.ts';
import { SWEEP_TIME } from '../../lifetimes.ts';
import { hasLetter } from './clock.ts';
import { LETTER, head } from './places.ts';
import { bury, dropField, due, expires, keep, putField, supersede } from './scope.ts';
import { groups, type Groups, type Item } from './script.ts';

/** The list `changes` of the scripts that have any: each is one change of a key. */
export const CHANGES: Groups<'name' | 'kind' | 'json' | 'retention' | 'expect' | 'object' | 'hasBody' | 'body'> = groups(
  'changes',
  {
    name: true,
    kind: true,
    json: true,
    retention: true,
    expect: true,
    object: true,
    hasBody: true,
    body: true,
  },
);

/** One of them. */
export type Change = Item<typeof CHANGES>;

/** Whether a scope that is there takes a change without its index. */
export function isInline({ kind, retention }: Change): boolean {
  return kind === ENTRY_KIND.inline && retention !== 'forever';
}

/** When a life that begins now ends. */
export function lifeFrom(retention: string): string {
  return `(${retention} == 'forever' and ${NEVER} or math.min(now + ${retention}, ${NEVER - 1}))`;
}

/** The switch of one key, whose fields begin at `at` and whose entry is `text` so far. */
export function change(at: string, text: string, id: string): string {
  return String.raw`
do
  local name, kind, object = ARGV[${at} + ${CHANGES.at.name}], ARGV[${at} + ${CHANGES.at.kind}], ARGV[${at} + ${CHANGES.at.object}]
  ${supersede(text, 'object')}
  if kind == ${LETTER.tombstone} then
    ${bury('name', id)}
  else
    local retention = ARGV[${at} + ${CHANGES.at.retention}]
    local gone = ${lifeFrom('retention')}
    ${putField("'e:' .. name", `${head('kind', id, 'gone')} .. ' ' .. ARGV[${at} + ${CHANGES.at.json}]`)}
    if ARGV[${at} + ${CHANGES.at.hasBody}] == '1' then
      ${putField("'v:' .. name", `ARGV[${at} + ${CHANGES.at.body}]`)}
    elseif ${text} and ${hasLetter(text, ENTRY_KIND.inline)} then
      ${dropField("'v:' .. name")}
    end
    ${expires('gone')}
    if object ~= '' then
      ${dropField("'s:' .. object")}
      ${due('gone')}
      if gone ~= ${NEVER} then
        local kept = math.min(gone + ${SWEEP_TIME}, ${NEVER - 1})
        ${keep('kept')}
      end
    end
  end
end`;
}
