import { CHANGES, change, type Change } from '../change.ts';
import { answer } from '../clock.ts';
import { close, open } from '../scope.ts';
import { writingScript, type Script } from '../script.ts';
import { CHECK, RESTORATION } from './check.ts';

/**
 * Puts a lost entry back.
 *
 * - KEYS: the scope, its index, its birth.
 * - ARGV: path, recorded, id (a write ID), began (milliseconds), instead (an object that is gone, or nothing), then one change.
 * - Answer: `ok`; or `late`, `there`.
 */
export const RESTORE: Script<keyof typeof RESTORATION, Change> = writingScript(
  { name: 'restore', writes: true, arguments: RESTORATION, each: CHANGES, suits: () => false },
  CHECK,
  open(),
  change('CHANGES', 'text', 'ID'),
  close('false'),
  `return ${answer('ok')}`,
);
