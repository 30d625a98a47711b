/**
 * A Flink job on a session cluster, from a JAR that was uploaded before.
 *
 * - A repeated `jobId`: refused with HTTP 400 and DuplicateApplicationSubmissionException, also after its end, until the JobManager
 *   restarts (without high availability it forgets all jobs).
 * - `GET /jobs/ID` shows it at once, and for an hour after its end (`jobstore.expiration-time`). The ID is refused even then.
 * - Words: INITIALIZING, CREATED, RUNNING, ...; FINISHED; FAILED; CANCELED.
 * - Trap: a job ID has 32 hexadecimal digits: `hexKey`.
 * - Trap: `GET /jobs/ID/status` answers 500 for an unknown job. Without `/status` it is 404.
 *
 * Run: Flink 2.3.0 on 2026-12-01: docs/certificates/flink.md.
 */
import { AlreadySubmittedError, externalJob, hexKey, jobStatus, NotSubmittedError, submitRequest } from 'mooring';

const FLINK = process.env['FLINK_URL'] ?? 'http://127.0.0.1:8081';

export interface FlinkJob {
  jar: string;
  entryClass: string;
  programArgsList: readonly string[];
}

const active = ['INITIALIZING', 'CREATED', 'RUNNING', 'FAILING', 'CANCELLING', 'RESTARTING', 'SUSPENDED', 'RECONCILING'];
const word = jobStatus({ active, succeeded: ['FINISHED'], failed: ['FAILED'], cancelled: ['CANCELED'] });

export const flinkJob = externalJob({
  name: 'flink',
  async submit({ jar, ...job }: FlinkJob, { idempotencyKey, signal }) {
    const jobId = hexKey(idempotencyKey);
    const body = JSON.stringify({ ...job, jobId });
    const headers = { 'content-type': 'application/json' };
    const response = await submitRequest(() => fetch(`${FLINK}/jars/${jar}/run`, { method: 'POST', headers, body, signal }));
    if (response.ok) return jobId;
    const problem = await response.text();
    if (/Duplicate(Application|Job)SubmissionException/.test(problem)) throw new AlreadySubmittedError(jobId);
    if (response.status === 404) throw new NotSubmittedError(`no JAR ${jar}`, { retryable: false });
    throw new Error(`Flink answered ${response.status}`);
  },
  idempotentFor: 'until-deleted',
  async getStatus(id, { signal }) {
    const response = await fetch(`${FLINK}/jobs/${id}`, { signal });
    if (response.status === 404) return { state: 'missing' };
    if (!response.ok) throw new Error(`Flink answered ${response.status}`);
    return word(((await response.json()) as { state: string }).state);
  },
  remembersFor: '1h',
  async cancel(id, { signal }) {
    const { ok, status } = await fetch(`${FLINK}/jobs/${id}`, { method: 'PATCH', signal });
    if (!ok && status !== 404) throw new Error(`Flink answered ${status}`);
  },
  describe: (id) => ({ title: `Flink job ${id}`, url: `${FLINK}/#/job/running/${id}/overview` }),
});
