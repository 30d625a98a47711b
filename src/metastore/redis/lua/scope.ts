import { ENTRY_KIND } from '../../../format/entry.ts';
import { NEVER } from '../../../format/head.ts';
import { FENCE_KEPT, GRACE, KEPT_IN_STEPS_OF, SWEEP_TIME, TOMBSTONE_KEPT } from '../../lifetimes.ts';
import { answer, hasLetter } from './clock.ts';
import { AT, LETTER, head, instantText } from './places.ts';

/**
 * Opens a scope for a write, and closes it. What is to change is collected between the two: `putField`, `dropField`, `keep`, `expires` and
 * `due` are pieces of text that do so. Their arguments are expressions of Lua; a time is a name or a number, since it stands there
 * twice.
 */

/** Later than every time: nothing becomes due. */
const NOT_DUE = 1e14;

/** How many fields, or members, one command takes. */
const AT_ONCE = 1_000;

/** Puts a field. */
export function putField(field: string, value: string): string {
  return `puts[#puts + 1] = ${field} puts[#puts + 1] = ${value}`;
}

/** Drops a field. */
export function dropField(field: string): string {
  return `drops[#drops + 1] = ${field}`;
}

/** Keeps the hash until then. */
export function keep(time: string): string {
  return `if ${time} > cover then cover = ${time} end`;
}

/** Keeps the hash until then, when a text in it ends. */
export function expires(time: string): string {
  return `${keep(time)} if ${time} < firstEnd then firstEnd = ${time} end`;
}

/** Something in the scope becomes due then. */
export function due(time: string): string {
  return `if ${time} < dueAt then dueAt = ${time} end`;
}

/** Whether the fence that the scope records, `held`, is of a newer attempt, or of another run of the same one. */
export function isReplaced(fence: string, nonce: string): string {
  const same = `held:sub(${AT.fence}) == ${fence}`;
  return `(held and (held:sub(${AT.fence}) > ${fence} or (${same} and held:sub(${AT.nonce}) ~= ${nonce})))`;
}

/** Takes the fence, unless the scope records it already. */
export function hold(fence: string, nonce: string): string {
  return `do local own = ${fence} .. ' ' .. ${nonce} if held ~= own then held = own ${putField("'fence'", 'held')} end end`;
}

/** Refuses a writer that was replaced. */
export const STALE: string = `return ${answer('stale', "redis.call('HGET', KEY, 'holder')")}`;

/** The object of an entry that is to go becomes superseded, in the same script, unless the new entry refers to it. */
export function supersede(text: string, nextObject: string): string {
  return String.raw`
if ${text} and ${hasLetter(text, ENTRY_KIND.reference)} then
  local sound, meta = pcall(cjson.decode, ${text}:sub(${AT.entryJson}))
  local ref = sound and type(meta) == 'table' and meta.ref
  if type(ref) == 'table' and type(ref.object) == 'string' and ref.object ~= ${nextObject} then
    local store = cjson.encode(tostring(ref.store)):gsub('\\/', '/')
    local size = string.format('%.0f', tonumber(ref.storedSize) or 0)
    ${putField("'s:' .. ref.object", `instant .. ' {"store":' .. store .. ',"storedSize":' .. size .. '}'`)}
    local grace, kept = now + ${GRACE}, now + ${SWEEP_TIME}
    ${due('grace')}
    ${keep('kept')}
  end
end`;
}

/** Leaves a tombstone in place of an entry. A full server takes it, since it drops something first. */
export function bury(name: string, id: string): string {
  return String.raw`
local gone = now + ${TOMBSTONE_KEPT}
${dropField(`'v:' .. ${name}`)}
${putField(`'e:' .. ${name}`, head(LETTER.tombstone, id, 'gone'))}
${due('gone')}
${keep('gone')}`;
}

/** Calls a command with a list that may be long. */
function each(command: 'HSET' | 'HDEL', list: string): string {
  return `for from = 1, #${list}, ${AT_ONCE} do redis.call('${command}', KEY, unpack(${list}, from, math.min(from + ${AT_ONCE - 1}, #${list}))) end`;
}

/** Whether a script drops before it puts, as Lua: always, never, or as a local of it says. */
type DropFirst = 'true' | 'false' | 'deletes';

/**
 * Does what was collected. Dropping first lets a full server delete: it refuses growth only as the first thing that a script writes.
 * The index comes first, or is looked at, so that nothing is written if it is of another type.
 */
function flush(dropFirst: DropFirst, wide: boolean): string {
  const dropAll = each('HDEL', 'drops');
  const dropEarly: Readonly<Record<DropFirst, string>> = {
    true: dropAll,
    false: '',
    deletes: `if deletes then ${dropAll} drops = {} end`,
  };
  const index = String.raw`
if dueAt < ${NOT_DUE} then
  -- A sweep that is under way may have passed by what became due: it must not take the scope off the index.
  if head[4] then ${dropField("'sweep'")} end
  if ${dropFirst} then redis.call('ZSCORE', DUE, PATH) ${dropAll} drops = {} end
  redis.call('ZADD', DUE, 'LT', string.format('%.0f', dueAt), PATH)
end`;
  return String.raw`${wide ? index : ''}
${dropEarly[dropFirst]}
${each('HSET', 'puts')}
${dropFirst === 'true' ? '' : dropAll}`;
}

/** The scope's own fields that each write reads, before those of the script. */
const HEAD = "'ends', 'until', 'fence', 'sweep'";

/** How many they are. */
export const HEAD_SIZE = 4;

/** A scope whose time after success is over starts empty; `emptied` names what it held. */
function empty(read: string): string {
  return String.raw`
if ends and ends <= now then
  cover, before, ends = 0, 0, nil
  for _, field in ipairs(redis.call('HKEYS', KEY)) do
    local kind = field:sub(${AT.kind})
    if kind == 'e:' then
      local text = redis.call('HGET', KEY, field)
      ${supersede('text', 'nil')}
      if not ${hasLetter('text', ENTRY_KIND.tombstone)} then emptied[#emptied + 1] = field:sub(${AT.name}) end
    end
    if kind == 'o:' then
      local kept = now + ${FENCE_KEPT}
      ${keep('kept')}
    end
    if kind == 'e:' or kind == 'v:' or kind == 'r:' or kind == 'c:' or kind == 'i:' then ${dropField('field')} end
  end
  for _, field in ipairs({'lost', 'until', 'ends'}) do ${dropField('field')} end
  ${flush('true', true)}
  puts, drops, dueAt = {}, {}, ${NOT_DUE}
  head = ${read}
end`;
}

/**
 * Opens a scope that `head` was read of by `read`, an expression: the scope's own fields, and then any others. A scope that is there was
 * written by a script, which left the birth of its shard.
 */
const openAs =
  (read: string) =>
  (wide: boolean): string => {
    const start = String.raw`
local head = ${read}
local ends, before, held = tonumber(head[1] or ''), tonumber(head[2] or '') or 0, head[3]`;
    const lists = `local cover, firstEnd, dueAt, puts, drops, emptied = before, ${NEVER}, ${NOT_DUE}, {}, {}, {}`;
    if (!wide) return `${start}\nif before == 0 or ends then return ${answer('wider')} end\n${lists}`;
    return String.raw`${start}
local hadEnd = ends ~= nil
if before == 0 and redis.call('EXISTS', BIRTH) == 0 then
  born = '1'
  redis.call('SET', BIRTH, instant)
end
${lists}
${empty(read)}`;
  };

/** Opens a scope, and reads these fields with it: names of Lua, and expressions. */
export const open =
  (fields: Readonly<Record<string, string>> = {}) =>
  (wide: boolean): string => {
    const names = Object.keys(fields);
    const opened = openAs(`redis.call('HMGET', KEY, ${[HEAD, ...Object.values(fields)].join(', ')})`)(wide);
    if (names.length === 0) return opened;
    return `${opened}\nlocal ${names.join(', ')} = ${names.map((_name, at) => `head[${HEAD_SIZE + 1 + at}]`).join(', ')}`;
  };

/** The same with fields of a list, whose length is not known. They are `head[HEAD_SIZE + 1]` and so on. */
export const openList = (list: string): ((wide: boolean) => string) => {
  const readAll = String.raw`
local function readAll()
  local found = {}
  for from = 1, #${list}, ${AT_ONCE} do
    for _, text in ipairs(redis.call('HMGET', KEY, unpack(${list}, from, math.min(from + ${AT_ONCE - 1}, #${list})))) do found[#found + 1] = text end
  end
  return found
end`;
  return (wide) =>
    `${readAll}${openAs(`(#${list} <= ${AT_ONCE} and redis.call('HMGET', KEY, unpack(${list})) or readAll())`)(wide)}`;
};

/** Closes a scope: does what was collected, and sets how long the hash is kept. */
export const close =
  (dropFirst: DropFirst) =>
  (wide: boolean): string => {
    const covered = String.raw`
if held then
  local kept = now + ${FENCE_KEPT}
  ${keep('kept')}
end
-- In whole hours, so that most writes need not change it.
if cover < ${NEVER} then cover = math.ceil(cover / ${KEPT_IN_STEPS_OF}) * ${KEPT_IN_STEPS_OF} end
if cover ~= before then ${putField("'until'", instantText('cover'))} end`;
    const untilCover = `redis.call('PEXPIREAT', KEY, string.format('%.0f', cover))`;
    if (!wide) {
      return String.raw`${covered}
if dueAt < ${NOT_DUE} or cover == ${NEVER} then return ${answer('wider')} end
${flush(dropFirst, false)}
if cover ~= before then ${untilCover} end`;
    }
    return String.raw`${covered}
-- An entry that expires in a hash that never does is found by the index alone, also one that was there before.
if cover == ${NEVER} then
  local at = firstEnd
  if before > 0 and before < at then at = before end
  if at < ${NEVER} then ${due('at')} end
end
if RECORDED ~= '' then ${putField("'scope'", 'RECORDED')} end
local wanted = ends and ends + ((dueAt < ${NOT_DUE} or redis.call('ZSCORE', DUE, PATH)) and ${SWEEP_TIME} or 0)
${flush(dropFirst, true)}
if ends then
  if now + redis.call('PTTL', KEY) < wanted then redis.call('PEXPIREAT', KEY, string.format('%.0f', wanted)) end
elseif cover ~= before or hadEnd then
  if cover == ${NEVER} then redis.call('PERSIST', KEY) else ${untilCover} end
end`;
  };

/** A write that is sent again waits for its replication again: a wait counts only what its own connection wrote. */
export function touch(field: string, value: string): string {
  return `redis.pcall('HSET', KEY, ${field}, ${value})`;
}
