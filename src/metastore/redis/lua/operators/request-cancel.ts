import { FENCE_KEPT } from '../../../lifetimes.ts';
import { OPEN } from '../scope.ts';
import { scopeScript, type Script } from '../script.ts';

/**
 * Notes that somebody asked for the cancellation of a job.
 *
 * - KEYS: the scope, its index, its birth.
 * - ARGV: path, recorded, job, reason.
 * - Answer: `ok`.
 */
export const REQUEST_CANCEL: Script<'job' | 'reason'> = scopeScript(
  { name: 'requestCancel', writes: true, arguments: { job: true, reason: true } },
  OPEN,
  String.raw`
put('c:' .. JOB, REASON)
keep(now + ${FENCE_KEPT})
close(false)
return answer('ok')`,
);
