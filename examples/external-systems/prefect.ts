/**
 * A Prefect flow run of a deployment, by the server's REST API.
 *
 * - A repeated `idempotency_key`: 200 with the first run and its parameters, until the run is deleted. A filter finds a run by it at once.
 * - Words: SCHEDULED, PENDING, RUNNING, PAUSED, CANCELLING; COMPLETED; FAILED, CRASHED; CANCELLED. 404: it does not know the run.
 * - Trap: a key counts for the flow. Another deployment of that flow gets the first deployment's run.
 * - Trap: with SQLite, the server answers 503 to requests at the same moment. The run may exist.
 * - Trap: a run stays RUNNING if its process dies and no worker looks after it. `giveUpAfter` ends the wait.
 * - Trap: CANCELLING is a request to the run's process. A run that has none yet can stay CANCELLING for ever.
 *
 * Run: Prefect 3.9.1 with SQLite on 2026-12-01: docs/certificates/prefect.md.
 */
import { externalJob, jobStatus, submitRequest } from 'mooring';

const PREFECT = process.env['PREFECT_API_URL'] ?? 'http://127.0.0.1:4200/api';

export type FlowRun = { deployment: string; parameters: Record<string, unknown> };
type State = { type: string; message?: string };
const post = (path: string, body: object, signal: AbortSignal): Promise<Response> =>
  fetch(PREFECT + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), signal });

async function answer<Body>(response: Response): Promise<Body> {
  if (!response.ok) throw new Error(`Prefect answered ${response.status}`);
  return (await response.json()) as Body;
}
const active = ['SCHEDULED', 'PENDING', 'RUNNING', 'PAUSED', 'CANCELLING'];
const ends = { succeeded: ['COMPLETED'], failed: ['FAILED', 'CRASHED'], cancelled: ['CANCELLED'], missing: ['none'] };
const word = jobStatus({ active, ...ends });

async function stateOf(id: string, signal: AbortSignal): Promise<State> {
  const response = await fetch(`${PREFECT}/flow_runs/${id}`, { signal });
  return response.status === 404 ? { type: 'none' } : (await answer<{ state: State }>(response)).state;
}

export const flowRun = externalJob({
  name: 'prefect',
  async submit({ deployment, parameters }: FlowRun, { idempotencyKey, signal }) {
    const body = { parameters, idempotency_key: idempotencyKey };
    const response = await submitRequest(() => post(`/deployments/${deployment}/create_flow_run`, body, signal));
    return (await answer<{ id: string }>(response)).id;
  },
  idempotentFor: 'until-deleted',
  async find(idempotencyKey, { signal }) {
    const filter = { flow_runs: { idempotency_key: { any_: [idempotencyKey] } } };
    return (await answer<{ id: string }[]>(await post('/flow_runs/filter', filter, signal)))[0]?.id;
  },
  findLag: 0,
  async getStatus(id, { signal }) {
    const { type, message } = await stateOf(id, signal);
    return word(type, message);
  },
  async cancel(id, { signal }) {
    const { type } = await stateOf(id, signal);
    const state = { type: type === 'RUNNING' ? 'CANCELLING' : 'CANCELLED' };
    if (!active.includes(type)) return;
    const { status } = await answer<{ status: string }>(await post(`/flow_runs/${id}/set_state`, { state }, signal));
    if (status !== 'ACCEPT') throw new Error(`Prefect answered ${status}`);
  },
});
