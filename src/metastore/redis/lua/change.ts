import { NEVER } from '../../../format/head.ts';
import { SWEEP_TIME } from '../../lifetimes.ts';
import { LETTER, head } from './places.ts';
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

/** `lifeFrom(retention)`: when a life that begins now ends. */
export const LIFE: string = String.raw`
local function lifeFrom(retention)
  if retention == 'forever' then return ${NEVER} end
  return math.min(now + retention, ${NEVER} - 1)
end`;

/** `change(at, text, id)`: the switch of one key, whose fields begin at `at` and whose entry is `text` so far. */
export const CHANGE: string = String.raw`${LIFE}
local function change(at, text, id)
  local name, kind, object = ARGV[at + ${CHANGES.at.name}], ARGV[at + ${CHANGES.at.kind}], ARGV[at + ${CHANGES.at.object}]
  supersede(text, object)
  if kind == ${LETTER.tombstone} then return bury(name, id) end
  local gone = lifeFrom(ARGV[at + ${CHANGES.at.retention}])
  put('e:' .. name, ${head('kind', 'id', 'instant(now)', 'gone')} .. ' ' .. ARGV[at + ${CHANGES.at.json}])
  if ARGV[at + ${CHANGES.at.hasBody}] == '1' then put('v:' .. name, ARGV[at + ${CHANGES.at.body}]) else drop('v:' .. name) end
  expires(gone)
  if object == '' then return end
  drop('s:' .. object)
  due(gone)
  if gone ~= ${NEVER} then keep(math.min(gone + ${SWEEP_TIME}, ${NEVER} - 1)) end
end`;
