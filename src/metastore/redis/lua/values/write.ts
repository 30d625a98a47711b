import { LATENESS } from '../../../lifetimes.ts';
import { AT, LETTER } from '../places.ts';
import { CHANGE, CHANGES, type Change } from '../change.ts';
import { IDENTITY } from '../identity.ts';
import { OPEN } from '../scope.ts';
import { scopeScript, type Script } from '../script.ts';

/**
 * Commits values, all or none. The order of the checks is that of `docs/design.md`: the format, the same write ID, the fence, the
 * sequence, lateness, the comparison; then the switch.
 *
 * - KEYS: the scope, its index, its birth.
 * - ARGV: path, recorded, id (a write ID), fenced, began (milliseconds), then changes.
 * - Answer: `ok` and when it was applied; or `foreign` and a name, `stale` and the holder, `old`, `late`, `conflict`, a name and its version.
 */
export const WRITE: Script<'id' | 'fenced' | 'began', Change> = scopeScript(
  { name: 'write', writes: true, arguments: { id: true, fenced: true, began: true }, each: CHANGES },
  OPEN,
  CHANGE,
  IDENTITY,
  String.raw`
local fenced, texts, deletes = FENCED == '1', {}, true
for at = CHANGES, #ARGV, ${CHANGES.size} do
  local name = ARGV[at + ${CHANGES.at.name}]
  texts[at] = redis.call('HGET', KEY, 'e:' .. name)
  if foreign(texts[at]) then return answer('foreign', name) end
  if ARGV[at + ${CHANGES.at.kind}] ~= ${LETTER.tombstone} then deletes = false end
end
for at, text in pairs(texts) do
  if text and text:sub(${AT.version}) == ID then
    touch('e:' .. ARGV[at + ${CHANGES.at.name}], text)
    return answer('ok', text:sub(${AT.updatedAt}))
  end
end
if fenced then
  if isReplaced(fence, nonce) then return stale() end
  for _, text in pairs(texts) do
    if text and newer(text) then return stale() end
  end
end
for _, text in pairs(texts) do
  if text and laterOwn(text) then return answer('old') end
end
if now - BEGAN > ${LATENESS} then return answer('late') end
for at = CHANGES, #ARGV, ${CHANGES.size} do
  local current, expect = live(texts[at]) and texts[at]:sub(${AT.version}) or 'absent', ARGV[at + ${CHANGES.at.expect}]
  if expect ~= '' and expect ~= current then return answer('conflict', ARGV[at + ${CHANGES.at.name}], current) end
end
for at = CHANGES, #ARGV, ${CHANGES.size} do change(at, texts[at], ID) end
if fenced then hold(fence, nonce) end
close(deletes)
return answer('ok', instant(now))`,
);
