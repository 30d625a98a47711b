import { CHANGES, type Change } from '../change.ts';
import { answer } from '../clock.ts';
import { scopeScript, type Script } from '../script.ts';
import { CHECK, RESTORATION } from './check.ts';

/**
 * Whether a lost entry would be put back, which changes nothing.
 *
 * - KEYS: the scope.
 * - ARGV and answer: as `RESTORE`, without path and recorded.
 */
export const RESTORE_PREVIEW: Script<keyof typeof RESTORATION, Change> = scopeScript(
  ['key'],
  { name: 'restorePreview', writes: false, arguments: RESTORATION, each: CHANGES },
  CHECK,
  `return ${answer('ok')}`,
);
