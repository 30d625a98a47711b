/**
 * A Cloud Run job with one execution, by the REST API, with the service account of the machine that it runs on.
 *
 * - `jobs.run` has no key: a repeated call is a second execution. But a repeated `jobId` of `jobs.create` is 409 ALREADY_EXISTS, and
 *   `startExecutionToken` starts one execution of the job that it creates. Refused, until somebody deletes the job.
 * - Words: EXECUTION_PENDING, EXECUTION_RUNNING; EXECUTION_SUCCEEDED; EXECUTION_FAILED; EXECUTION_CANCELLED (by the user). 404: unknown.
 * - Trap: a project has at most 1,000 jobs in a region. Delete each one when its task is complete: nothing else does.
 * - Trap: whoever runs the job again in the console replaces what is seen here.
 *
 * By its documentation: https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs and https://google.aip.dev/133.
 */
import { AlreadySubmittedError, externalJob, jobStatus, NotSubmittedError, submitRequest } from 'mooring';

const { GOOGLE_PROJECT, GOOGLE_LOCATION = 'europe-west1', GCE_METADATA_HOST = 'metadata.google.internal' } = process.env;
const HOST = process.env['GOOGLE_RUN_URL'] ?? 'https://run.googleapis.com';
const JOBS = `${HOST}/v2/projects/${GOOGLE_PROJECT}/locations/${GOOGLE_LOCATION}/jobs`;
const LOGIN = `http://${GCE_METADATA_HOST}/computeMetadata/v1/instance/service-accounts/default/token`;

async function headers(signal: AbortSignal): Promise<Record<string, string>> {
  const login = await fetch(LOGIN, { headers: { 'metadata-flavor': 'Google' }, signal });
  const { access_token } = (await login.json()) as { access_token: string };
  return { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' };
}
type Job = { terminalCondition?: { state: string; message?: string }; latestCreatedExecution?: Record<string, string> };
async function get(id: string, signal: AbortSignal): Promise<Job | undefined> {
  const response = await fetch(`${JOBS}/${id}`, { headers: await headers(signal), signal });
  if (!response.ok && response.status !== 404) throw new Error(`Cloud Run answered ${response.status}`);
  return response.ok ? ((await response.json()) as Job) : undefined;
}
const ends = { succeeded: ['EXECUTION_SUCCEEDED'], failed: ['EXECUTION_FAILED', 'never'], cancelled: ['EXECUTION_CANCELLED'] };
const word = jobStatus({ active: ['EXECUTION_PENDING', 'EXECUTION_RUNNING'], ...ends });

export const cloudRunJob = externalJob({
  name: 'google-cloud-run',
  async submit(template: object, { idempotencyKey, signal }) {
    const body = JSON.stringify({ template: { template }, startExecutionToken: 'run' });
    const request = { method: 'POST', headers: await headers(signal), body, signal };
    const { ok, status } = await submitRequest(() => fetch(`${JOBS}?jobId=${idempotencyKey}`, request));
    if (ok) return idempotencyKey;
    if (status === 409) throw new AlreadySubmittedError(idempotencyKey);
    if (status < 400 || status >= 500) throw new Error(`Cloud Run answered ${status}`);
    throw new NotSubmittedError(`refused with ${status}`);
  },
  idempotentFor: 'until-deleted',
  find: async (key, { signal }) => ((await get(key, signal)) ? key : undefined),
  async getStatus(id, { signal }) {
    const job = await get(id, signal);
    if (!job) return { state: 'missing' };
    const before = job.terminalCondition?.state === 'CONDITION_FAILED' ? 'never' : 'EXECUTION_PENDING';
    return word(job.latestCreatedExecution?.['completionStatus'] ?? before, job.terminalCondition?.message);
  },
  async cancel(id, { signal }) {
    const run = (await get(id, signal))?.latestCreatedExecution?.['name']?.split('/').at(-1);
    if (!run) throw new Error('there is no execution to cancel yet');
    const request = { method: 'POST', headers: await headers(signal), body: '{}', signal };
    const { ok, status } = await fetch(`${JOBS}/${id}/executions/${run}:cancel`, request);
    if (!ok && status !== 404) throw new Error(`Cloud Run answered ${status}`);
  },
});
