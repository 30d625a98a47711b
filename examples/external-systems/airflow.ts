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
const json = { 'content-type': 'application/json' };

async function ask(method: string, path: string, signal: AbortSignal, body?: object): Promise<Response> {
  const login = JSON.stringify({ username: AIRFLOW_USER, password: AIRFLOW_PASSWORD });
  const token = await fetch(`${AIRFLOW_URL}/auth/token`, { method: 'POST', headers: json, body: login, signal });
  const { access_token } = (await token.json()) as { access_token: string };
  const headers = { ...json, authorization: `Bearer ${access_token}` };
  return fetch(`${AIRFLOW_URL}/api/v2/${path}`, { method, headers, signal, ...(body && { body: JSON.stringify(body) }) });
}

type Answer = { state?: string; is_paused?: boolean; total_entries?: number };

async function get(path: string, signal: AbortSignal): Promise<Answer> {
  const response = await ask('GET', path, signal);
  if (!response.ok && response.status !== 404) throw new Error(`Airflow answered ${response.status}`);
  return response.ok ? ((await response.json()) as Answer) : {};
}

const RUNS = `dags/${AIRFLOW_DAG}/dagRuns`;
const ends = { succeeded: ['success'], failed: ['failed'], cancelled: ['marked'], missing: ['none'] };
const word = jobStatus({ active: ['queued', 'running'], ...ends });
const stateOf = async (id: string, signal: AbortSignal) => (await get(`${RUNS}/${id}`, signal)).state ?? 'none';

export const dagRun = externalJob({
  name: 'airflow',
  async submit(conf: Record<string, unknown>, { idempotencyKey, signal }) {
    const { is_paused } = await get(`dags/${AIRFLOW_DAG}`, signal);
    if (is_paused !== false) throw new NotSubmittedError('the DAG is paused, or not there');
    const run = { dag_run_id: idempotencyKey, logical_date: null, conf };
    const { status } = await submitRequest(() => ask('POST', RUNS, signal, run));
    if (status === 200) return idempotencyKey;
    if (status === 409) throw new AlreadySubmittedError(idempotencyKey);
    throw status < 500 ? new NotSubmittedError(`refused with ${status}`) : new Error(`Airflow answered ${status}`);
  },
  idempotentFor: 'until-deleted',
  find: async (key, { signal }) => ((await stateOf(key, signal)) === 'none' ? undefined : key),
  findLag: 0,
  async getStatus(id, { signal }) {
    const state = await stateOf(id, signal);
    const marked = state === 'failed' && (await get(`eventLogs?event=patch_dag_run&run_id=${id}`, signal)).total_entries;
    return word(marked ? 'marked' : state);
  },
  async cancel(id, { signal }) {
    if (/queued|running/.test(await stateOf(id, signal))) await ask('PATCH', `${RUNS}/${id}`, signal, { state: 'failed' });
  },
});
