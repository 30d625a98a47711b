/**
 * A Google Cloud Batch job, by the REST API, with the service account of the machine that it runs on.
 *
 * - A repeated `jobId`: 409 ALREADY_EXISTS, also after its end, until the job is deleted: by a person, or by Google, 60 days after
 *   the job succeeded, failed or was cancelled. GET by ID shows it. The key itself is a valid job ID.
 * - Words: QUEUED, SCHEDULED, RUNNING, ...; SUCCEEDED; FAILED; CANCELLED. 404: it does not know the job.
 * - Trap: `requestId`, which must be a UUID (`uuidKey`), is remembered for 60 minutes only. The job ID does the same for longer.
 * - Trap: DELETE removes the history too, so that nobody knows how the job ended. `:cancel` keeps it.
 *
 * By its documentation: https://cloud.google.com/batch/docs/reference/rest/v1/projects.locations.jobs/create,
 * https://cloud.google.com/batch/docs/delete-job and https://google.aip.dev/133 (ALREADY_EXISTS).
 */
import { AlreadySubmittedError, externalJob, jobStatus, NotSubmittedError, submitRequest } from 'mooring';

const { GOOGLE_PROJECT, GOOGLE_LOCATION = 'europe-west1', GCE_METADATA_HOST = 'metadata.google.internal' } = process.env;
const HOST = process.env['GOOGLE_BATCH_URL'] ?? 'https://batch.googleapis.com';
const JOBS = `${HOST}/v1/projects/${GOOGLE_PROJECT}/locations/${GOOGLE_LOCATION}/jobs`;
const LOGIN = `http://${GCE_METADATA_HOST}/computeMetadata/v1/instance/service-accounts/default/token`;

async function headers(signal: AbortSignal): Promise<Record<string, string>> {
  const login = await fetch(LOGIN, { headers: { 'metadata-flavor': 'Google' }, signal });
  const { access_token } = (await login.json()) as { access_token: string };
  return { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' };
}

type Status = { state: string; statusEvents?: { description: string }[] };
async function statusOf(id: string, signal: AbortSignal): Promise<Status> {
  const response = await fetch(`${JOBS}/${id}`, { headers: await headers(signal), signal });
  if (response.status === 404) return { state: 'none' };
  if (!response.ok) throw new Error(`Google Batch answered ${response.status}`);
  return ((await response.json()) as { status: Status }).status;
}
const active = ['QUEUED', 'SCHEDULED', 'RUNNING', 'CANCELLATION_IN_PROGRESS', 'DELETION_IN_PROGRESS'];
const ends = { succeeded: ['SUCCEEDED'], failed: ['FAILED'], cancelled: ['CANCELLED'], missing: ['none'] };
const word = jobStatus({ active, ...ends });

export const batchJob = externalJob({
  name: 'google-batch',
  async submit(job: object, { idempotencyKey, signal }) {
    const request = { method: 'POST', headers: await headers(signal), body: JSON.stringify(job), signal };
    const { ok, status } = await submitRequest(() => fetch(`${JOBS}?jobId=${idempotencyKey}`, request));
    if (ok) return idempotencyKey;
    if (status === 409) throw new AlreadySubmittedError(idempotencyKey);
    if (status < 400 || status >= 500) throw new Error(`Google Batch answered ${status}`);
    throw new NotSubmittedError(`refused with ${status}`, { retryable: status !== 400 });
  },
  idempotentFor: 'until-deleted',
  find: async (key, { signal }) => ((await statusOf(key, signal)).state === 'none' ? undefined : key),
  async getStatus(id, { signal }) {
    const { state, statusEvents } = await statusOf(id, signal);
    return word(state, statusEvents?.at(-1)?.description);
  },
  remembersFor: '60d',
  async cancel(id, { signal }) {
    const request = { method: 'POST', headers: await headers(signal), body: '{}', signal };
    const { ok, status } = await fetch(`${JOBS}/${id}:cancel`, request);
    if (!ok && status !== 404) throw new Error(`Google Batch answered ${status}`);
  },
});
