/**
 * An AWS Glue job run, by the AWS SDK.
 *
 * - A repeated StartJobRun: a second run, and no client token. GetJobRuns shows the arguments of each run, the newest run first:
 *   findable, by an argument that the script need not read. How soon it shows a run is not documented.
 * - Runs are kept for 90 days by the developer guide, for 365 by the API reference.
 * - Words: STARTING, RUNNING, STOPPING, WAITING; SUCCEEDED; FAILED, TIMEOUT, ERROR, EXPIRED; STOPPED. EntityNotFoundException: unknown.
 * - Trap: `JobRunId` of StartJobRun is no key: it names a run to retry. OperationTimeoutException is a 400, but the run may exist.
 * - Trap: the SDK sends a request up to three times by itself, which makes three runs: `maxAttempts: 1`.
 *
 * By its documentation: https://docs.aws.amazon.com/glue/latest/webapi/API_StartJobRun.html, API_GetJobRun.html and
 * API_GetJobRuns.html. Its calls on an emulator: docs/certificates/aws.md.
 */
import { BatchStopJobRunCommand, GetJobRunCommand, StartJobRunCommand } from '@aws-sdk/client-glue';
import { GlueClient, GlueServiceException, paginateGetJobRuns } from '@aws-sdk/client-glue';
import { externalJob, jobStatus, NotSubmittedError, submitRequest } from 'mooring';

const client = new GlueClient({ maxAttempts: 1 });
const KEY = '--idempotency_key';
const CLOCKS_DIFFER = 60 * 60_000;
const ends = { succeeded: ['SUCCEEDED'], failed: ['FAILED', 'TIMEOUT', 'ERROR', 'EXPIRED'], cancelled: ['STOPPED'] };
const word = jobStatus({ active: ['STARTING', 'RUNNING', 'STOPPING', 'WAITING'], ...ends, missing: ['none'] });

export const glueRun = externalJob({
  name: 'aws-glue',
  async submit(run: { job: string; arguments: Record<string, string> }, { idempotencyKey, signal: abortSignal }) {
    const start = new StartJobRunCommand({ JobName: run.job, Arguments: { ...run.arguments, [KEY]: idempotencyKey } });
    try {
      const { JobRunId } = await submitRequest(() => client.send(start, { abortSignal }));
      if (!JobRunId) throw new Error('AWS Glue answered without a JobRunId');
      return { JobName: run.job, RunId: JobRunId };
    } catch (error) {
      if (!(error instanceof GlueServiceException) || error.name === 'OperationTimeoutException') throw error;
      const { httpStatusCode = 500 } = error.$metadata;
      throw httpStatusCode < 500 ? new NotSubmittedError(`AWS Glue: ${error.name}`, { cause: error }) : error;
    }
  },
  fingerprint: ({ job }) => job,
  async find(idempotencyKey, { input: { job: JobName }, submittedAt, signal: abortSignal }) {
    for await (const { JobRuns = [] } of paginateGetJobRuns({ client }, { JobName }, { abortSignal })) {
      const run = JobRuns.find(({ Arguments }) => Arguments?.[KEY] === idempotencyKey);
      if (run?.Id) return { JobName, RunId: run.Id };
      if (JobRuns.some(({ StartedOn }) => StartedOn && +StartedOn < +submittedAt - CLOCKS_DIFFER)) return undefined;
    }
    return undefined;
  },
  findLag: '1m',
  async getStatus(id, { signal: abortSignal }) {
    const { JobRun } = await client.send(new GetJobRunCommand(id), { abortSignal }).catch((error: Error) => {
      if (error.name === 'EntityNotFoundException') return { JobRun: { JobRunState: 'none', ErrorMessage: undefined } };
      throw error;
    });
    return word(JobRun?.JobRunState, JobRun?.ErrorMessage);
  },
  remembersFor: '90d',
  async cancel({ JobName, RunId }, { signal: abortSignal }) {
    await client.send(new BatchStopJobRunCommand({ JobName, JobRunIds: [RunId] }), { abortSignal });
  },
});
