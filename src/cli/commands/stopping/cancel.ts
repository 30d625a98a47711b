import { ADDRESS_ABOUT, ADDRESS_FLAGS, ADDRESS_OPERANDS, readAddress } from '../../address/address.ts';
import { shellWord } from '../../address/name.ts';
import type { StoreCommand, StoreWork } from '../../command.ts';
import { questioner, REFUSED, YES } from '../../input/question.ts';
import { EXIT, type CommandOutcome } from '../../outcome.ts';
import { QUEUE_FLAG, type ActivityPlace, type QueuePlace } from '../../queue/place.ts';
import { REMAINS } from '../../queue/queue.ts';
import { jobAt, jobInWords, remainsInWords } from '../../queue/retry.ts';
import type { StateStore } from '../../../index.ts';
import { UsageError } from '../../usage-error.ts';
import { placeAt } from '../answers/retry.ts';
import { RefusedError, UNSURE } from '../refused.ts';

/** `mooring cancel`: a job stops, and its external jobs with it. */
export const cancelCommand: StoreCommand = {
  kind: 'store',
  summary: 'cancel a job and its external jobs, wherever it is',
  operands: ADDRESS_OPERANDS,
  flags: {
    ...ADDRESS_FLAGS,
    ...QUEUE_FLAG,
    reason: { value: 'TEXT', holds: 'why: the job fails with it' },
    ...YES,
  },
  about: [
    'Records the wish. A worker that holds the job hears of it within a heartbeat; a waiting job fails when it is its turn, so a',
    'worker of the queue must run. It cancels the external jobs that it submitted, or that its option externalJobs names, and',
    'fails the job with the reason. Needs the package bullmq. For an activity of Temporal it says what to run.',
    ...ADDRESS_ABOUT,
  ],
  examples: [["mooring cancel transcode 42 --reason 'the customer left'", 'cancels job 42 of the queue']],
  interrupted: UNSURE,
  plan(given) {
    const address = readAddress(given);
    const reason = given.text('reason');
    const queue = given.text('queue');
    if (reason === undefined) throw new UsageError('--reason must say why: the job fails with that text');
    return async (store, work) => {
      const ask = questioner(given, work);
      const place = await placeAt(store, address, { queue, signal: work.signal });
      if (place?.runtime === 'temporal') return byTemporal(place);
      if (!place) throw new RefusedError(OWN_SCOPE);
      if (!(await ask(`Cancel ${jobInWords(place)} and its external jobs?`))) return REFUSED;
      return cancel(store, work, place, reason);
    };
  },
};

const OWN_SCOPE = 'the scope is one of your own, and does not say whose job it is: name the queue of the job with --queue';

async function cancel(
  store: StateStore,
  { withQueue, signal }: StoreWork,
  place: QueuePlace,
  reason: string,
): Promise<CommandOutcome> {
  const named = jobInWords(place);
  return withQueue(place, async (queue) => {
    const job = await jobAt(queue, place, signal);
    if (!job || job.state === 'unknown') throw new RefusedError(`there is no ${named}: nothing was cancelled`);
    if (job.state === REMAINS) throw new RefusedError(`${remainsInWords(place)}: nothing was cancelled`);
    const asked = await queue.cancel(place.id, { store, reason, scope: place.scope, signal });
    if (!asked) throw new RefusedError(`${named} is over (${job.state}): nothing was cancelled. ${IF_IT_RUNS}`);
    const next = NEXT[job.state] ?? WAITING;
    return {
      code: EXIT.ok,
      report: { requested: true, runtime: 'bullmq', queue: place.queue, id: place.id, state: job.state },
      lines: [`asked to cancel ${named}: ${next}`],
    };
  });
}

const IF_IT_RUNS =
  'If its external job runs (mooring show), stop that in the external system, or retry the job and cancel it then.';
const WAITING = 'it fails when a worker takes it up and it uses state';
const NEXT: Readonly<Record<string, string>> = {
  active: 'the worker that holds it hears of it within a heartbeat. If that worker is dead, the next one does',
  delayed: 'it was brought forward, and fails when a worker takes it up',
};

function byTemporal({ namespace, workflow, run, activity }: ActivityPlace): CommandOutcome {
  const flags = [...(namespace === undefined ? [] : ['--namespace', namespace]), '--workflow-id', workflow, '--run-id', run];
  // The program of Temporal takes a reason for several workflows only.
  const command = `temporal workflow cancel ${flags.map(shellWord).join(' ')}`;
  return {
    code: EXIT.failed,
    report: { requested: false, runtime: 'temporal', workflow, run, activity, command },
    lines: [command],
    notes: [
      'Nothing was cancelled: Temporal cancels an activity through its workflow. Run the line above, or handle.cancel() in code.',
      'The external job is cancelled if an attempt of the activity runs then, or if the workflow uses cancelWith.',
    ],
  };
}
