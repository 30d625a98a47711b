/** The external job of the crash tests, as a worker of every runtime describes it. */
import { externalJob, NotSubmittedError, type ExternalJob, type JobStatus, type SubmitContext } from '../../src/index.ts';
import { batchClient, type BatchClient } from '../batch-service/client.ts';
import { FIND_LAG, SUBMIT_TIMEOUT, type EchoInput, type EchoWork } from './messages.ts';

/** Echoes its first argument once the file that the second one names is there, or fails as the third one says. */
const ECHO = 'while [ ! -e "$2" ]; do sleep 0.05; done; sleep 0.2; echo "$1"; exit "$3"';
/** The status with which the batch service asks for patience, and how much it gets. */
const TOO_MANY = 429;
const PATIENCE = '500ms';

/** One description for each kind of external system: they differ in what the external system does with the token. */
export function echo(
  batchUrl: string,
  { system, patience }: Pick<EchoWork, 'system' | 'patience'>,
): ExternalJob<EchoInput, string, string> {
  const batch = batchClient(batchUrl, system);
  const submitTimeout = SUBMIT_TIMEOUT[patience];
  const shared = {
    async submit({ name, word, gate = '/', failures = 0 }: EchoInput, { idempotencyKey, submission, signal }: SubmitContext) {
      const command = ['/bin/sh', '-c', ECHO, 'echo', word, gate, submission > failures ? '0' : '1'];
      // A process that stops before the request is sent goes on when nobody reckons with it any more.
      const expires = Date.now() + submitTimeout / 2;
      try {
        return await batch.submit({ name, token: idempotencyKey, command, expires }, signal);
      } catch (error) {
        if ((error as { status?: number }).status !== TOO_MANY) throw error;
        throw new NotSubmittedError('the batch service asks for patience', { retryAfter: PATIENCE, cause: error });
      }
    },
    getStatus: (id: string, { signal }: { signal: AbortSignal }) => status(batch, id, signal),
    getResult: async (id: string, { signal }: { signal: AbortSignal }) => (await batch.output(id, signal)).trim(),
    cancel: (id: string, { signal }: { signal: AbortSignal }) => batch.cancel(id, signal),
    submitTimeout,
    pollInterval: { from: '50ms', to: '250ms' },
  } as const;
  switch (system) {
    case 'keyed':
      return externalJob({ ...shared, idempotentFor: '1h' });
    case 'findable':
      return externalJob({ ...shared, find: (token: string, { signal }) => batch.find(token, signal), findLag: FIND_LAG * 2 });
    case 'plain':
      return externalJob(shared);
  }
}

async function status(batch: BatchClient, id: string, signal: AbortSignal): Promise<JobStatus> {
  const job = await batch.status(id, signal);
  if (job === undefined) return { state: 'missing' };
  if (job.state === 'queued' || job.state === 'running') return { state: 'active', progress: job.progress };
  return job.state === 'succeeded' ? { state: 'succeeded' } : { state: 'failed', reason: job.reason ?? job.state };
}
