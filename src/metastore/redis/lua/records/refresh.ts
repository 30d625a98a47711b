import { AT } from '../places.ts';
import { LIFE } from '../change.ts';
import { OPEN } from '../scope.ts';
import { scopeScript, type Script } from '../script.ts';

/**
 * Keeps a record that an attempt waits on for longer, never shorter, as long as its write ID is still this one.
 *
 * - KEYS: the scope, its index, its birth.
 * - ARGV: path, recorded, name, basis (a write ID), retention.
 * - Answer: `ok`.
 */
export const REFRESH: Script<'name' | 'basis' | 'retention'> = scopeScript(
  { name: 'refresh', writes: true, arguments: { name: true, basis: true, retention: true } },
  OPEN,
  LIFE,
  String.raw`
local text = redis.call('HGET', KEY, 'r:' .. NAME)
if not live(text) or foreign(text) or text:sub(${AT.version}) ~= BASIS then return answer('ok') end
local gone = math.max(tonumber(text:sub(${AT.expiresAt})), lifeFrom(RETENTION))
put('r:' .. NAME, text:sub(${AT.beforeExpiry}) .. instant(gone) .. text:sub(${AT.afterExpiry}))
expires(gone)
close(false)
return answer('ok')`,
);
