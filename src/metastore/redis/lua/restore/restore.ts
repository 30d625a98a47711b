import { CHANGE, CHANGES, type Change } from '../change.ts';
import { OPEN } from '../scope.ts';
import { scopeScript, type Script } from '../script.ts';
import { CHECK, RESTORATION } from './check.ts';

/**
 * Puts a lost entry back.
 *
 * - KEYS: the scope, its index, its birth.
 * - ARGV: path, recorded, id (a write ID), began (milliseconds), instead (an object that is gone, or nothing), then one change.
 * - Answer: `ok`; or `late`, `there`.
 */
export const RESTORE: Script<keyof typeof RESTORATION, Change> = scopeScript(
  { name: 'restore', writes: true, arguments: RESTORATION, each: CHANGES },
  CHECK,
  OPEN,
  CHANGE,
  String.raw`
change(CHANGES, text, ID)
close(false)
return answer('ok')`,
);
