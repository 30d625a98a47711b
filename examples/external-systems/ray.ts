/**
 * A Ray job, by the Jobs API of the dashboard.
 *
 * - A repeated `submission_id`: refused with HTTP 500 and "already exists", while it runs and after its end. Until somebody deletes
 *   it, or until the head restarts without external storage.
 * - `GET /api/jobs/ID` shows it at once. 404: it does not know the job.
 * - Words: PENDING, RUNNING; SUCCEEDED; FAILED; STOPPED (by a person).
 * - Trap: Node's `fetch` gets 405, because Ray takes its headers for a browser's. Use `node:http`.
 * - Trap: an ID that was deleted runs again. If it is used at once after the end, the new job fails without having run.
 *
 * Run: Ray 2.60.0 on 2026-12-01: docs/certificates/ray.md.
 */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { AlreadySubmittedError, externalJob, jobStatus, submitRequest } from 'mooring';

const RAY = process.env['RAY_URL'] ?? 'http://127.0.0.1:8265';

/** The status and the text of an answer. */
function ask(method: string, path: string, signal: AbortSignal, body?: object): Promise<{ status: number; answer: string }> {
  return new Promise((resolve, reject) => {
    const asking = request(`${RAY}/api/jobs/${path}`, { method, signal, headers: { 'content-type': 'application/json' } });
    asking.once('error', reject).once('response', (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, answer }), reject);
    });
    asking.end(body && JSON.stringify(body));
  });
}

const word = jobStatus({
  active: ['PENDING', 'RUNNING'],
  succeeded: ['SUCCEEDED'],
  failed: ['FAILED'],
  cancelled: ['STOPPED'],
});

export const rayJob = externalJob({
  name: 'ray',
  async submit(entrypoint: string, { idempotencyKey, signal }) {
    const job = { submission_id: idempotencyKey, entrypoint };
    const { status, answer } = await submitRequest(() => ask('POST', '', signal, job));
    if (answer.includes('already exists')) throw new AlreadySubmittedError(idempotencyKey);
    if (status !== 200) throw new Error(`Ray answered ${status}`);
    return idempotencyKey;
  },
  idempotentFor: 'until-deleted',
  async getStatus(id, { signal }) {
    const { status, answer } = await ask('GET', id, signal);
    if (status === 404) return { state: 'missing' };
    if (status !== 200) throw new Error(`Ray answered ${status}`);
    const job = JSON.parse(answer) as { status: string; message?: string };
    return word(job.status, job.message);
  },
  async cancel(id, { signal }) {
    const { status } = await ask('POST', `${id}/stop`, signal);
    if (status !== 200 && status !== 404) throw new Error(`Ray answered ${status}`);
  },
  describe: (id) => ({ title: `Ray job ${id}`, url: `${RAY}/#/jobs/${id}` }),
});
