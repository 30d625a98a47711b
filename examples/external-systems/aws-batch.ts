/**
 * An AWS Batch job, by the AWS SDK. AWS_REGION and credentials come from the environment, as everywhere in the SDK.
 *
 * - A repeated SubmitJob: a second job. It has no client token (SubmitServiceJob has one). ListJobs finds a job by name: findable.
 * - Ended jobs are kept for at least 7 days. How soon ListJobs shows a new job is not documented.
 * - Words: SUBMITTED, PENDING, RUNNABLE, STARTING, RUNNING; SUCCEEDED; FAILED, also if a person stopped it: `isTerminated` tells.
 *   Unknown: DescribeJobs answers with an empty list.
 * - Trap: the SDK sends a request up to three times by itself, which makes three jobs: `maxAttempts: 1`.
 * - Trap: without a filter, ListJobs shows RUNNING jobs only. A job that no machine fits stays RUNNABLE for ever: `giveUpAfter`.
 *
 * By its documentation: https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html, API_ListJobs.html and
 * https://docs.aws.amazon.com/batch/latest/userguide/job_states.html. Its calls: docs/certificates/aws.md, on an emulator.
 */
import { BatchClient, BatchServiceException, paginateListJobs } from '@aws-sdk/client-batch';
import { DescribeJobsCommand, SubmitJobCommand, TerminateJobCommand } from '@aws-sdk/client-batch';
import { externalJob, jobStatus, NotSubmittedError, submitRequest } from 'mooring';

const jobQueue = process.env['AWS_BATCH_QUEUE'] ?? 'nightly';
const client = new BatchClient({ maxAttempts: 1 });

export type BatchJob = { jobDefinition: string; command: string[] };

const word = jobStatus({
  active: ['SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING', 'RUNNING'],
  succeeded: ['SUCCEEDED'],
  failed: ['FAILED'],
  cancelled: ['stopped'],
  missing: ['none'],
});

export const batchJob = externalJob({
  name: 'aws-batch',
  async submit({ jobDefinition, command }: BatchJob, { idempotencyKey, signal: abortSignal }) {
    const job = { jobName: idempotencyKey, jobQueue, jobDefinition, containerOverrides: { command } };
    try {
      return (await submitRequest(() => client.send(new SubmitJobCommand(job), { abortSignal }))).jobId as string;
    } catch (error) {
      const status = error instanceof BatchServiceException ? (error.$metadata.httpStatusCode ?? 500) : 500;
      throw status < 500 ? new NotSubmittedError(`AWS Batch refused with ${status}`, { cause: error }) : error;
    }
  },
  async find(idempotencyKey, { signal: abortSignal }) {
    const search = { jobQueue, filters: [{ name: 'JOB_NAME', values: [idempotencyKey] }] };
    for await (const { jobSummaryList } of paginateListJobs({ client }, search, { abortSignal })) {
      if (jobSummaryList?.[0]) return jobSummaryList[0].jobId;
    }
    return undefined;
  },
  findLag: '1m',
  async getStatus(id, { signal: abortSignal }) {
    const job = (await client.send(new DescribeJobsCommand({ jobs: [id] }), { abortSignal })).jobs?.[0];
    const stopped = job?.status === 'FAILED' && (job.isTerminated === true || job.isCancelled === true);
    return word(stopped ? 'stopped' : (job?.status ?? 'none'), job?.statusReason);
  },
  remembersFor: '7d',
  async cancel(jobId, { reason, signal: abortSignal }) {
    await client.send(new TerminateJobCommand({ jobId, reason }), { abortSignal });
  },
});
