import { FENCE_KEPT } from '../../../lifetimes.ts';
import { answer } from '../clock.ts';
import { close, keep, open, putField } from '../scope.ts';
import { writingScript, type Script } from '../script.ts';

/**
 * Notes that somebody asked for the cancellation of a job.
 *
 * - KEYS: the scope, its index and its birth.
 * - ARGV: path, recorded, job, reason.
 * - Answer: `ok`.
 */
export const REQUEST_CANCEL: Script<'job' | 'reason'> = writingScript(
  { name: 'requestCancel', writes: true, arguments: { job: true, reason: true } },
  open(),
  String.raw`
local kept = now + ${FENCE_KEPT}
${putField("'c:' .. JOB", 'REASON')}
${keep('kept')}`,
  close('false'),
  `return ${answer('ok')}`,
);
