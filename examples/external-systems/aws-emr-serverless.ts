/**
 * A job run of EMR Serverless, by the AWS SDK.
 *
 * - A repeated `clientToken`: documented as idempotent; for how long is not documented. So the run is also named by the key, and
 *   ListJobRuns looks first: findable. How long and how soon it shows a run is not documented: FIND is your choice.
 * - Words: SUBMITTED, QUEUED, PENDING, SCHEDULED, RUNNING, CANCELLING; SUCCESS; FAILED; CANCELLED. ResourceNotFoundException: unknown.
 * - Trap: a run that exceeds `executionTimeoutMinutes` is cancelled by the service: CANCELLED may be a timeout.
 * - Trap: a name need not be unique, and without a `clientToken` the SDK makes a new one for each call.
 *
 * By its documentation: https://docs.aws.amazon.com/emr-serverless/latest/APIReference/API_StartJobRun.html, API_ListJobRuns.html and
 * https://docs.aws.amazon.com/emr/latest/EMR-Serverless-UserGuide/job-states.html. Its calls on an emulator: docs/certificates/aws.md.
 */
import { CancelJobRunCommand, GetJobRunCommand, StartJobRunCommand } from '@aws-sdk/client-emr-serverless';
import { EMRServerlessClient, EMRServerlessServiceException, paginateListJobRuns } from '@aws-sdk/client-emr-serverless';
import { externalJob, jobStatus, NotSubmittedError, submitRequest } from 'mooring';

const { EMR_APPLICATION: applicationId = '00abc', EMR_ROLE: executionRoleArn = 'arn:aws:iam::123456789012:role/emr' } =
  process.env;
const FIND = '1d';
const CLOCKS_DIFFER = 60 * 60_000;
const client = new EMRServerlessClient({ maxAttempts: 1 });

const ends = { succeeded: ['SUCCESS'], failed: ['FAILED'], cancelled: ['CANCELLED'], missing: ['none'] };
const word = jobStatus({ active: ['SUBMITTED', 'QUEUED', 'PENDING', 'SCHEDULED', 'RUNNING', 'CANCELLING'], ...ends });

export const emrRun = externalJob({
  name: 'aws-emr-serverless',
  async submit(sparkSubmit: { entryPoint: string; entryPointArguments: string[] }, { idempotencyKey, signal: abortSignal }) {
    const names = { clientToken: idempotencyKey, name: idempotencyKey };
    const start = new StartJobRunCommand({ applicationId, executionRoleArn, ...names, jobDriver: { sparkSubmit } });
    try {
      return (await submitRequest(() => client.send(start, { abortSignal }))).jobRunId as string;
    } catch (error) {
      const { httpStatusCode: status = 500 } = error instanceof EMRServerlessServiceException ? error.$metadata : {};
      // 409 is about the state of something: the token may be known.
      throw status < 500 && status !== 409 ? new NotSubmittedError(`EMR refused with ${status}`, { cause: error }) : error;
    }
  },
  async find(idempotencyKey, { submittedAt, signal: abortSignal }) {
    const search = { applicationId, createdAtAfter: new Date(+submittedAt - CLOCKS_DIFFER) };
    for await (const { jobRuns = [] } of paginateListJobRuns({ client }, search, { abortSignal }))
      for (const { id, name } of jobRuns) if (name === idempotencyKey) return id;
    return undefined;
  },
  findLag: '1m',
  findableFor: FIND,
  async getStatus(jobRunId, { signal: abortSignal }) {
    const { jobRun } = await client
      .send(new GetJobRunCommand({ applicationId, jobRunId }), { abortSignal })
      .catch((error: Error) => {
        if (error.name === 'ResourceNotFoundException') return { jobRun: { state: 'none', stateDetails: '' } };
        throw error;
      });
    return word(jobRun?.state, jobRun?.stateDetails);
  },
  async cancel(jobRunId, { signal: abortSignal }) {
    await client.send(new CancelJobRunCommand({ applicationId, jobRunId }), { abortSignal });
  },
});
