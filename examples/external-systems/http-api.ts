/**
 * A plain HTTP API with the `Idempotency-Key` header.
 *
 * - A repeated key: the first job's answer, and no second job. Keyed, for as long as the API promises (24 hours here).
 * - Words: queued, running, succeeded, failed, cancelled. 404: it does not know the job.
 * - Trap: many APIs compare the body with the first one and answer 422. The body must follow from the input alone: no dates.
 * - Trap: 409 means that the first request is still on its way. It is no refusal.
 * - Trap: some store the first answer whatever it was, so that a repeated key gets the same 500 for a day.
 *
 * Run against the batch service of this repository on 2026-12-01: docs/certificates/http-api.md.
 */
import { externalJob, jobStatus, NotSubmittedError, submitRequest } from 'mooring';

const API = process.env['JOBS_URL'] ?? 'https://jobs.example.com/v1';

export interface Work {
  name: string;
  command: readonly string[];
}

const ends = { succeeded: ['succeeded'], failed: ['failed'], cancelled: ['cancelled'] };
const word = jobStatus({ active: ['queued', 'running'], ...ends });

export const httpJob = externalJob({
  name: 'http-job',
  async submit(work: Work, { idempotencyKey, signal }) {
    const headers = { 'content-type': 'application/json', 'idempotency-key': idempotencyKey };
    const body = JSON.stringify(work);
    const response = await submitRequest(() => fetch(`${API}/jobs`, { method: 'POST', headers, body, signal }));
    const { status } = response;
    if (status === 429) {
      throw new NotSubmittedError('too many jobs', { retryAfter: response.headers.get('retry-after') });
    }
    if ([400, 401, 403, 404, 422].includes(status)) {
      throw new NotSubmittedError(`refused with ${status}`, { retryable: status === 401 || status === 403 });
    }
    // Anything else leaves open whether there is a job: the same key is sent again.
    if (!response.ok) throw new Error(`the jobs API answered ${status}`);
    return ((await response.json()) as { id: string }).id;
  },
  idempotentFor: '24h',
  async getStatus(id, { signal }) {
    const response = await fetch(`${API}/jobs/${id}`, { signal });
    if (response.status === 404) return { state: 'missing' };
    if (!response.ok) throw new Error(`the jobs API answered ${response.status}`);
    const { state, reason, progress } = (await response.json()) as { state: string; reason?: string; progress?: number };
    return word(state, { reason, progress, nextPoll: response.headers.get('retry-after') });
  },
  async getResult(id, { signal }) {
    const response = await fetch(`${API}/jobs/${id}/output`, { signal });
    if (!response.ok) throw new Error(`the jobs API answered ${response.status}`);
    return (await response.json()) as string;
  },
  async cancel(id, { signal }) {
    const { ok, status } = await fetch(`${API}/jobs/${id}`, { method: 'DELETE', signal });
    if (!ok && status !== 404) throw new Error(`the jobs API answered ${status}`);
  },
});
