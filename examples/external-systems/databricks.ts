/**
 * A Databricks run, by the Jobs API 2.1: a one-time run (`tasks`), or a run of a job that exists (`job_id`).
 *
 * - A repeated `idempotency_token` (at most 64 characters): 200 with the first run. If that run was deleted: an error. Keyed, until
 *   the run is deleted: by a person, or by Databricks after 60 days.
 * - Words: PENDING, QUEUED, BLOCKED, RUNNING, WAITING_FOR_RETRY, TERMINATING; SUCCESS; FAILED, TIMEDOUT, ...; CANCELED. The result
 *   stands in `result_state`; the others in `life_cycle_state`. An unknown run: 400 with "does not exist".
 * - Trap: a run ID is an int64, too long for a number of JavaScript. Keep it as text.
 * - Trap: TERMINATED is no success. A list of active words without BLOCKED and WAITING_FOR_RETRY starts second runs elsewhere.
 * - Trap: 429 when the workspace has too many runs: nothing was started. A 5xx: repeat, for up to 10 minutes, say its docs.
 *
 * By its documentation: https://docs.databricks.com/api/workspace/jobs/submit, .../runnow, .../getrun, .../getrunoutput and
 * https://docs.databricks.com/reference/jobs-2.0-api.html.
 */
import { externalJob, jobStatus, NotSubmittedError, submitRequest } from 'mooring';

const { DATABRICKS_HOST = 'https://example.cloud.databricks.com', DATABRICKS_TOKEN } = process.env;
const headers = { authorization: `Bearer ${DATABRICKS_TOKEN}`, 'content-type': 'application/json' };
const post = (path: string, body: string, signal: AbortSignal): Promise<Response> =>
  fetch(`${DATABRICKS_HOST}/api/2.1/jobs/${path}`, { method: 'POST', headers, body, signal });

export type Run = { job_id: number; job_parameters?: Record<string, string> } | { run_name: string; tasks: object[] };

const failed = 'FAILED TIMEDOUT INTERNAL_ERROR SKIPPED UPSTREAM_FAILED UPSTREAM_CANCELED EXCLUDED DISABLED';
const word = jobStatus({
  active: ['PENDING', 'QUEUED', 'BLOCKED', 'RUNNING', 'WAITING_FOR_RETRY', 'TERMINATING'],
  succeeded: ['SUCCESS', 'SUCCESS_WITH_FAILURES'],
  failed: [...failed.split(' '), 'MAXIMUM_CONCURRENT_RUNS_REACHED'],
  cancelled: ['CANCELED'],
});

export const databricksRun = externalJob({
  name: 'databricks',
  async submit(run: Run, { idempotencyKey, signal }) {
    const body = JSON.stringify({ ...run, idempotency_token: idempotencyKey });
    const response = await submitRequest(() => post('job_id' in run ? 'run-now' : 'runs/submit', body, signal));
    const { ok, status } = response;
    const id = /"run_id":\s*(\d+)/.exec(await response.text())?.[1];
    if (ok && id) return id;
    if (status < 400 || status >= 500) throw new Error(`Databricks answered ${status}`);
    const retryAfter = response.headers.get('retry-after');
    throw new NotSubmittedError(`refused with ${status}`, { retryable: status !== 400, retryAfter });
  },
  idempotentFor: 'until-deleted',
  async getStatus(id, { signal }) {
    const response = await fetch(`${DATABRICKS_HOST}/api/2.1/jobs/runs/get?run_id=${id}`, { headers, signal });
    const isUnknown = response.status === 400 && /does not exist/.test(await response.clone().text());
    if (isUnknown || response.status === 404) return { state: 'missing' };
    if (!response.ok) throw new Error(`Databricks answered ${response.status}`);
    const { state } = (await response.json()) as { state: Record<string, string> };
    return word(state['result_state'] ?? state['life_cycle_state'], state['state_message']);
  },
  remembersFor: '60d',
  async cancel(id, { signal }) {
    const { ok, status } = await post('runs/cancel', `{"run_id":${id}}`, signal);
    if (!ok && status !== 404) throw new Error(`Databricks answered ${status}`);
  },
});
