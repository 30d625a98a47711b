/**
 * A BigQuery job (here a query), by the REST API, with the service account of the machine that it runs on.
 *
 * - A repeated `jobId`: 409 duplicate, in every state. jobs.get shows it, for six months after its creation.
 * - Words: PENDING, RUNNING; DONE; DONE with an `errorResult`; DONE with the reason `stopped` (cancelled). 404: it does not know the job.
 * - Trap: DONE is no success. Look at `errorResult`.
 * - Trap: a 5xx answer of jobs.insert leaves open whether there is a job: "it's unclear", say its docs. The key is sent again.
 * - Trap: a job is looked for in its `location`. `requestId` of jobs.query is another thing: a key for 15 minutes.
 *
 * By its documentation: https://cloud.google.com/bigquery/docs/running-jobs, .../error-messages and .../reference/rest/v2/jobs/get.
 */
import { AlreadySubmittedError, externalJob, jobStatus, NotSubmittedError, submitRequest } from 'mooring';

const { GOOGLE_PROJECT: projectId, BIGQUERY_LOCATION: location = 'EU', GCE_METADATA_HOST } = process.env;
const JOBS = `${process.env['BIGQUERY_URL'] ?? 'https://bigquery.googleapis.com'}/bigquery/v2/projects/${projectId}/jobs`;
const ACCOUNT = `http://${GCE_METADATA_HOST ?? 'metadata.google.internal'}/computeMetadata/v1/instance/service-accounts/default`;

async function headers(signal: AbortSignal): Promise<Record<string, string>> {
  const login = await fetch(`${ACCOUNT}/token`, { headers: { 'metadata-flavor': 'Google' }, signal });
  const { access_token } = (await login.json()) as { access_token: string };
  return { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' };
}

type Status = { state: string; errorResult?: { reason: string; message: string } };
async function statusOf(jobId: string, signal: AbortSignal): Promise<Status> {
  const response = await fetch(`${JOBS}/${jobId}?location=${location}`, { headers: await headers(signal), signal });
  if (response.status === 404) return { state: 'none' };
  if (!response.ok) throw new Error(`BigQuery answered ${response.status}`);
  return ((await response.json()) as { status: Status }).status;
}
const ends = { succeeded: ['DONE'], failed: ['error'], cancelled: ['stopped'], missing: ['none'] };
const word = jobStatus({ active: ['PENDING', 'RUNNING'], ...ends });

export const queryJob = externalJob({
  name: 'bigquery',
  async submit(query: { query: string; destinationTable?: object }, { idempotencyKey: jobId, signal }) {
    const configuration = { query: { useLegacySql: false, ...query } };
    const body = JSON.stringify({ jobReference: { projectId, jobId, location }, configuration });
    const request = { method: 'POST', headers: await headers(signal), body, signal };
    const { ok, status } = await submitRequest(() => fetch(JOBS, request));
    if (ok) return jobId;
    if (status === 409) throw new AlreadySubmittedError(jobId);
    if (status < 400 || status >= 500) throw new Error(`BigQuery answered ${status}`);
    throw new NotSubmittedError(`refused with ${status}`, { retryable: status !== 400 });
  },
  idempotentFor: 'until-deleted',
  find: async (key, { signal }) => ((await statusOf(key, signal)).state === 'none' ? undefined : key),
  async getStatus(id, { signal }) {
    const { state, errorResult } = await statusOf(id, signal);
    if (state !== 'DONE' || !errorResult) return word(state);
    return word(errorResult.reason === 'stopped' ? 'stopped' : 'error', `${errorResult.reason}: ${errorResult.message}`);
  },
  remembersFor: '180d',
  async cancel(id, { signal }) {
    const request = { method: 'POST', headers: await headers(signal), signal };
    const { ok, status } = await fetch(`${JOBS}/${id}/cancel?location=${location}`, request);
    if (!ok && status !== 404) throw new Error(`BigQuery answered ${status}`);
  },
});
