import { bounded } from '../call.ts';
import type { JsonValue } from '../value.ts';
import type { ExternalId } from './external-job.ts';
import { idDigest } from './record.ts';
import type { Run } from './run.ts';

/** Cancelling external jobs: only because somebody asked, or because another submission has taken a job's place. */

/** The record holds this external job: whoever asks for its end reaches it from now on. */
export function holdJob(run: Run, externalId: JsonValue): void {
  run.life.hold(nameOf(run, externalId), (why) => cancelJob(run, externalId, why));
}

/** The external job has ended, or another submission took its place. */
export function letGoOf(run: Run, externalId: JsonValue): void {
  run.life.letGo(nameOf(run, externalId));
}

function nameOf({ own, options }: Run, externalId: JsonValue): string {
  return `${own.address.path}/${options.name}/${idDigest(externalId)}`;
}

/** Who asked is gone after this attempt, so a far side that is busy for a moment is asked again. */
const TRIES = 3;
/** Milliseconds before the second try; twice as many before the third. */
const FIRST_PAUSE = 500;

/** Asks the far side to stop a job, three times where it fails, within one `callTimeout`. Never rejects: nothing else depends on it. */
export async function cancelJob(
  run: Run,
  externalId: JsonValue,
  reason: 'requested' | 'input-changed' | 'gave-up',
): Promise<void> {
  const { core, job, options, life, where } = run;
  if (!job.cancel) return;
  const cancel = async (signal: AbortSignal): Promise<void> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await job.cancel?.(externalId as ExternalId, { signal, reason });
      } catch (err) {
        if (tries === TRIES || signal.aborted) throw err;
        life.log.info({ ...where, externalId, reason, err }, 'the external job could not be cancelled yet');
      }
      await core.clock.sleep(FIRST_PAUSE * 2 ** (tries - 1), signal);
    }
  };
  try {
    // Not until the end of the attempt, which is over when somebody asks.
    const outcome = await bounded(core.timer, options.callTimeout, undefined, cancel);
    if (outcome.ended !== 'value') throw new Error(`no answer within ${options.callTimeout} ms`);
    life.log.info({ ...where, externalId, reason }, 'the external job was cancelled');
  } catch (err) {
    life.log.warn({ ...where, externalId, reason, err }, 'the external job could not be cancelled');
  }
}
