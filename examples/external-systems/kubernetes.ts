/**
 * A Kubernetes Job.
 *
 * - A repeated name: 409 AlreadyExists, also after its end, until the Job is deleted: by a person, or by `ttlSecondsAfterFinished`.
 * - GET by name shows it at once, or waits. (With `resourceVersion=0` it may show an old view.)
 * - The ID needs the uid: a new Job of that name is a stranger.
 * - Trap: a repeated POST can get 403 or 422 before the name is looked at, for example when the first Job filled its quota.
 * - Trap: a POST that was answered with 5xx can be stored some seconds later. The name is what makes that harmless.
 * - Trap: DELETE without `propagationPolicy` leaves the pods running.
 *
 * Needs the Role verbs create, get and delete on jobs, and NODE_EXTRA_CA_CERTS with the cluster's certificate authority.
 * Run: Kubernetes 1.35.0 without a kubelet on 2026-12-01: docs/certificates/kubernetes.md.
 */
import { readFile } from 'node:fs/promises';
import { AlreadySubmittedError, dnsLabelKey, externalJob, NotSubmittedError, submitRequest } from 'mooring';

const JOBS = `${process.env['KUBERNETES_URL'] ?? 'https://kubernetes.default.svc'}/apis/batch/v1/namespaces/default/jobs`;
const TOKEN = process.env['KUBERNETES_TOKEN_FILE'] ?? '/var/run/secrets/kubernetes.io/serviceaccount/token';

interface Job {
  metadata: { name: string; uid: string };
  status: { conditions?: { type: string; status: string; reason?: string; message?: string }[] };
}

async function ask(method: string, path: string, signal: AbortSignal, body?: object): Promise<Response> {
  const headers = { authorization: `Bearer ${await readFile(TOKEN, 'utf8')}`, 'content-type': 'application/json' };
  return fetch(JOBS + path, { method, headers, signal, ...(body && { body: JSON.stringify(body) }) });
}

async function get(name: string, signal: AbortSignal): Promise<Job | undefined> {
  const response = await ask('GET', `/${name}`, signal);
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`Kubernetes answered ${response.status}`);
  return (await response.json()) as Job;
}

const idOf = ({ metadata: { name, uid } }: Job): Job['metadata'] => ({ name, uid });

export const kubernetesJob = externalJob({
  name: 'kubernetes',
  async submit(spec: object, { idempotencyKey, signal }) {
    const job = { metadata: { name: dnsLabelKey(idempotencyKey, 'job') }, spec };
    const response = await submitRequest(() => ask('POST', '', signal, job));
    const { status } = response;
    if (status === 409) throw new AlreadySubmittedError();
    if (status < 500 && !response.ok) throw new NotSubmittedError(`refused with ${status}`, { retryable: status !== 422 });
    if (!response.ok) throw new Error(`Kubernetes answered ${status}`);
    return idOf((await response.json()) as Job);
  },
  idempotentFor: 'until-deleted',
  async find(idempotencyKey, { signal }) {
    const job = await get(dnsLabelKey(idempotencyKey, 'job'), signal);
    return job && idOf(job);
  },
  findLag: 0,
  async getStatus({ name, uid }, { signal }) {
    const job = await get(name, signal);
    if (job?.metadata.uid !== uid) return { state: 'missing' };
    const end = job.status.conditions?.find(({ type, status }) => status === 'True' && ['Complete', 'Failed'].includes(type));
    if (end?.type === 'Complete') return { state: 'succeeded' };
    if (end) return { state: 'failed', reason: `${end.reason}: ${end.message}`, retryable: end.reason !== 'PodFailurePolicy' };
    return { state: 'active' };
  },
  async cancel({ name, uid }, { signal }) {
    await ask('DELETE', `/${name}`, signal, { propagationPolicy: 'Foreground', preconditions: { uid } });
  },
});
