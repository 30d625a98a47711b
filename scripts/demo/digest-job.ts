/** The external job of the demo, as one writes it with Mooring; what tells the timeline is for the demo. */
import { externalJob, type ExternalJob } from 'mooring';
import { batchClient } from '../batch-service/client.ts';
import { digestCommand, type Digest, type DigestInput, type WorkerMessage } from './messages.ts';

/** Counts, hashes and compresses a file at the batch service. */
export function digestJob(batchUrl: string, tell: (message: WorkerMessage) => void): ExternalJob<DigestInput, string, Digest> {
  const batch = batchClient(batchUrl, 'keyed');
  let known: string | undefined;
  return externalJob({
    submit: (input: DigestInput, { idempotencyKey, signal }) =>
      batch.submit({ name: input.name, command: digestCommand(input), token: idempotencyKey }, signal),
    idempotentFor: '1h',
    async getStatus(id, { signal }) {
      if (id !== known) tell({ type: 'polls', id: (known = id) });
      const job = await batch.status(id, signal);
      if (job === undefined) return { state: 'missing' };
      switch (job.state) {
        case 'queued':
        case 'running':
          return { state: 'active', progress: job.progress };
        case 'succeeded':
          return { state: 'succeeded' };
        default:
          return { state: 'failed', reason: job.reason ?? job.state };
      }
    },
    getResult: async (id, { signal }) => JSON.parse(await batch.output(id, signal)) as Digest,
    pollInterval: { from: '100ms', to: '500ms' },
  });
}
