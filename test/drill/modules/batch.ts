import { externalJob, type ExternalJob, type JobStatus } from 'mooring';
import { defineDrill, type DrillDefinition } from 'mooring/drill';
import { batchClient } from '../../../scripts/batch-service/client.ts';
import type { SystemKind } from '../../../scripts/batch-service/job.ts';

/** Drills of the batch service at `BATCH_URL`: what it is, and what a definition claims of it. */

interface Input {
  /** Whose job it is: the batch service counts by it. */
  name: string;
}

const url = process.env['BATCH_URL'] ?? 'http://127.0.0.1:1';

/** A drill of one kind of batch service, whose definition claims that it is another. */
export function batchDrill(is: SystemKind, claims: SystemKind): DrillDefinition<Input, string, string> {
  return defineDrill({
    about: `the batch service, ${is}, as ${claims}`,
    job: batchJob(is, claims),
    input: (cell) => ({ name: cell.name }),
    count: async ({ input, signal }) => {
      const answer = await fetch(`${url}/submissions/${input.name}`, { signal });
      return ((await answer.json()) as { submissions: number }).submissions;
    },
    isResult: (result, { input }) => result === input.name,
    settle: '500ms',
  });
}

function batchJob(is: SystemKind, claims: SystemKind): ExternalJob<Input, string, string> {
  const batch = batchClient(url, is);
  const polled = new Set<string>();
  return externalJob({
    name: 'echo',
    submit: ({ name }: Input, { idempotencyKey, signal }) =>
      batch.submit({ name, token: idempotencyKey, command: ['/bin/sh', '-c', 'sleep 1; echo "$1"', 'echo', name] }, signal),
    ...(claims === 'keyed' && { idempotentFor: '1h' }),
    ...(claims === 'findable' && { find: (token: string, { signal }: { signal: AbortSignal }) => batch.find(token, signal) }),
    findLag: '500ms',
    submitTimeout: '10s',
    getStatus: (id, { signal }) => statusOf(id, signal),
    getResult: async (id, { signal }) => (await batch.output(id, signal)).trim(),
    cancel: (id, { signal }) => batch.cancel(id, signal),
    pollInterval: { from: '100ms', to: '250ms' },
  });

  async function statusOf(id: string, signal: AbortSignal): Promise<JobStatus> {
    const job = await batch.status(id, signal);
    if (job === undefined) return { state: 'missing' };
    // However slow this machine is, no worker finds a job that is over at its first poll.
    if (!polled.has(id)) {
      polled.add(id);
      return { state: 'active' };
    }
    if (job.state === 'queued' || job.state === 'running') return { state: 'active', progress: job.progress };
    return job.state === 'succeeded' ? { state: 'succeeded' } : { state: 'failed', reason: job.reason ?? job.state };
  }
}
