/**
 * A Spark driver on a standalone cluster, by the master's REST server (`spark.master.rest.enabled`, port 6066).
 *
 * - A repeated submission: a second driver. No key, and no search by one: plain. If a worker dies between the request and its answer,
 *   a person looks at the master's page and says whether there is a driver.
 * - Give the key to the program (JOB_KEY), so that it can see for itself that its output is there.
 * - Words: SUBMITTED, RUNNING, RELAUNCHING; FINISHED; FAILED, ERROR; KILLED (by a person). UNKNOWN while a master recovers.
 * - Trap: an unknown ID is answered with 200, `success: false` and no `driverState`.
 * - Trap: the master keeps 200 finished drivers (`spark.deploy.retainedDrivers`), not a length of time.
 *
 * By hand, not yet drilled: Spark 4.3.0 on 2026-12-01.
 */
import { externalJob, jobStatus, NotSubmittedError, submitRequest } from 'mooring';

const SPARK = `${process.env['SPARK_REST_URL'] ?? 'http://127.0.0.1:6066'}/v1/submissions`;

export type Driver = { appResource: string; mainClass: string; appArgs: readonly string[] };

type Answer = { success?: boolean; submissionId?: string; driverState?: string; message?: string };

async function ask(method: string, path: string, signal: AbortSignal, body?: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json;charset=UTF-8' };
  const response = await fetch(SPARK + path, { method, headers, signal, ...(body && { body: JSON.stringify(body) }) });
  if (!response.ok) throw new Error(`Spark answered ${response.status}`);
  return (await response.json()) as Answer;
}

const word = jobStatus({
  active: ['SUBMITTED', 'RUNNING', 'RELAUNCHING'],
  succeeded: ['FINISHED'],
  failed: ['FAILED', 'ERROR'],
  cancelled: ['KILLED'],
});

export const sparkDriver = externalJob({
  name: 'spark',
  async submit(driver: Driver, { idempotencyKey, signal }) {
    const environmentVariables = { JOB_KEY: idempotencyKey };
    const sparkProperties = { 'spark.app.name': driver.mainClass, 'spark.jars': driver.appResource };
    const request = { action: 'CreateSubmissionRequest', clientSparkVersion: '4.3.0', environmentVariables, sparkProperties };
    const answer = await submitRequest(() => ask('POST', '/create', signal, { ...request, ...driver }));
    if (answer.submissionId !== undefined) return answer.submissionId;
    if (answer.success === false) throw new NotSubmittedError(`refused: ${answer.message}`);
    throw new Error('Spark answered without a submissionId');
  },
  async getStatus(id, { signal }) {
    const { success, driverState, message } = await ask('GET', `/status/${id}`, signal);
    if (driverState !== undefined) return word(driverState, message);
    if (success === false && !message) return { state: 'missing' };
    throw new Error(`Spark answered without a state: ${message}`);
  },
  async cancel(id, { signal }) {
    const { success, message } = await ask('POST', `/kill/${id}`, signal);
    if (success === false) throw new Error(`Spark did not kill it: ${message}`);
  },
});
