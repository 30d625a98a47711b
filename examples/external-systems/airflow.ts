/**
 * An Airflow DAG run, by the REST API v2.
 *
 * - A repeated `dag_run_id`: 409, queued, running or ended, until somebody deletes the run. GET by ID shows it at once.
 * - Words: queued, running; success; failed. 404: it does not know the run (or the DAG).
 * - Trap: a taken `logical_date` is answered with the same 409, and there is no run: leave it null, and look after a 409.
 * - Trap: a person's "mark as failed" is `failed` too; only the event log tells. Marking rewrites a success as well.
 *
 * Run: Airflow 3.3.2 with SQLite and LocalExecutor on 2026-12-01: docs/certificates/airflow.md.
 */
import { AlreadySubmittedError, externalJob, jobStatus, NotSubmittedError, submitRequest } from 'mooring';

const { AIRFLOW_URL = 'http://127.0.0.1:8080', AIRFLOW_DAG = 'nightly', AIRFLOW_USER, AIRFLOW_PASSWORD } = process.env;
const API = `${AIRFLOW_URL}/api/v2`;
const json = { 'content-type': 'application/json' };

async function headers(signal: AbortSignal): Promise<Record<string, string>> {
  const body = JSON.stringify({ username: AIRFLOW_USER, password: AIRFLOW_PASSWORD });
  const login = await fetch(`${AIRFLOW_URL}/auth/token`, { method: 'POST', headers: json, body, signal });
  return { ...json, authorization: `Bearer ${((await login.json()) as { access_token: string }).access_token}` };
}
type Answer = { state?: string; is_paused?: boolean; total_entries?: number };
async function ask(path: string, signal: AbortSignal, request?: RequestInit): Promise<Answer> {
  const response = await fetch(`${API}/${path}`, { ...request, headers: await headers(signal), signal });
  if (!response.ok && response.status !== 404) throw new Error(`Airflow answered ${response.status}`);
  return response.ok ? ((await response.json()) as Answer) : {};
}

const RUNS = `dags/${AIRFLOW_DAG}/dagRuns`;
const ends = { succeeded: ['success'], failed: ['failed'], cancelled: ['marked'], missing: ['none'] };
const word = jobStatus({ active: ['queued', 'running'], ...ends });
const stateOf = async (id: string, signal: AbortSignal) => (await ask(`${RUNS}/${id}`, signal)).state ?? 'none';

export const dagRun = externalJob({
  name: 'airflow',
  async submit(conf: Record<string, unknown>, { idempotencyKey, signal }) {
    const { is_paused } = await ask(`dags/${AIRFLOW_DAG}`, signal);
    if (is_paused !== false) throw new NotSubmittedError('the DAG is paused, or not there');
    const body = JSON.stringify({ dag_run_id: idempotencyKey, logical_date: null, conf });
    const request = { method: 'POST', headers: await headers(signal), body, signal };
    const { ok, status } = await submitRequest(() => fetch(`${API}/${RUNS}`, request));
    if (ok) return idempotencyKey;
    if (status === 409) throw new AlreadySubmittedError(idempotencyKey);
    if (status < 400 || status >= 500) throw new Error(`Airflow answered ${status}`);
    throw new NotSubmittedError(`refused with ${status}`);
  },
  idempotentFor: 'until-deleted',
  find: async (key, { signal }) => ((await stateOf(key, signal)) === 'none' ? undefined : key),
  findLag: 0,
  async getStatus(id, { signal }) {
    const state = await stateOf(id, signal);
    const marked = state === 'failed' && (await ask(`eventLogs?event=patch_dag_run&run_id=${id}`, signal)).total_entries;
    return word(marked ? 'marked' : state);
  },
  async cancel(id, { signal }) {
    const request = { method: 'PATCH', body: '{"state":"failed"}' };
    if (/queued|running/.test(await stateOf(id, signal))) await ask(`${RUNS}/${id}`, signal, request);
  },
});
