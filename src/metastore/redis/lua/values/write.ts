import { LATENESS } from '../../../lifetimes.ts';
import { CHANGES, change, type Change } from '../change.ts';
import { answer, isForeign, isLive } from '../clock.ts';
import { IDENTITY, isLaterOwn, isNewer } from '../identity.ts';
import { AT, LETTER } from '../places.ts';
import { HEAD_SIZE, STALE, close, hold, isReplaced, openList, touch } from '../scope.ts';
import { writingScript, type Script } from '../script.ts';
import { WRITE_INLINE, type WriteArgument } from './write-inline.ts';

/**
 * Commits values, all or none. The order of the checks is that of `docs/design.md`: the format, the same write ID, the fence, the
 * sequence, lateness, the comparison; then the switch.
 *
 * - KEYS: the scope, its index and its birth.
 * - ARGV: path, recorded, id (a write ID), fenced, began (milliseconds), then changes.
 * - Answer: `ok` and when it was applied; or `foreign` and a name, `stale` and the holder, `old`, `late`, `conflict`, a name and its version.
 */
export const WRITE: Script<WriteArgument, Change> = writingScript(
  {
    name: 'write',
    writes: true,
    arguments: { id: true, fenced: true, began: true },
    each: CHANGES,
    narrow: WRITE_INLINE,
  },
  String.raw`
local fields, deletes = {'ends', 'until', 'fence', 'sweep'}, true
for at = CHANGES, #ARGV, ${CHANGES.size} do
  fields[#fields + 1] = 'e:' .. ARGV[at + ${CHANGES.at.name}]
  if ARGV[at + ${CHANGES.at.kind}] ~= ${LETTER.tombstone} then deletes = false end
end`,
  openList('fields'),
  IDENTITY,
  String.raw`
local same, isStale, isOld = nil, false, false
for at = ${HEAD_SIZE + 1}, #fields do
  local text = head[at]
  if ${isForeign('text')} then return ${answer('foreign', 'fields[at]:sub(3)')} end
  if text and text:sub(${AT.version}) == ID then same = at end
  if text and ${isNewer('text')} then isStale = true end
  if text and ${isLaterOwn('text')} then isOld = true end
end
if same then
  ${touch('fields[same]', 'head[same]')}
  return ${answer('ok', `head[same]:sub(${AT.updatedAt})`)}
end
if FENCED == '1' and (isStale or ${isReplaced('fence', 'nonce')}) then ${STALE} end
if isOld then return ${answer('old')} end
if now - BEGAN > ${LATENESS} then return ${answer('late')} end
for at = CHANGES, #ARGV, ${CHANGES.size} do
  local expect, text = ARGV[at + ${CHANGES.at.expect}], head[${HEAD_SIZE + 1} + (at - CHANGES) / ${CHANGES.size}]
  if expect ~= '' then
    local current = ${isLive('text')} and text:sub(${AT.version}) or 'absent'
    if expect ~= current then return ${answer('conflict', `ARGV[at + ${CHANGES.at.name}]`, 'current')} end
  end
end
for at = CHANGES, #ARGV, ${CHANGES.size} do
  local text = head[${HEAD_SIZE + 1} + (at - CHANGES) / ${CHANGES.size}]
  ${change('at', 'text', 'ID')}
end
if FENCED == '1' then ${hold('fence', 'nonce')} end`,
  close('deletes'),
  `return ${answer('ok', 'instant')}`,
);
