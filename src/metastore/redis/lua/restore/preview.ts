import { CHANGES, type Change } from '../change.ts';
import { scopeScript, type Script } from '../script.ts';
import { CHECK, RESTORATION } from './check.ts';

/**
 * Whether a lost entry would be put back, which changes nothing.
 *
 * - KEYS, ARGV and answer: as `RESTORE`.
 */
export const RESTORE_PREVIEW: Script<keyof typeof RESTORATION, Change> = scopeScript(
  { name: 'restorePreview', writes: false, arguments: RESTORATION, each: CHANGES },
  CHECK,
  "return answer('ok')",
);
