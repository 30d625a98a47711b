/**
 * A Kubernetes Job. Needs the verbs create, get and delete on jobs, and the cluster's CA in NODE_EXTRA_CA_CERTS.
 *
 * - A repeated name: 409 AlreadyExists, also after its end, until a person or `ttlSecondsAfterFinished` deletes it. GET shows it at once.
 * - Words: the condition Complete or Failed, else active. 404, or the uid of a stranger of that name: it does not know the job.
 * - Trap: a repeated POST can get 403 or 422 before the name is looked at, for example when the first Job filled its quota.
 *
 * Run: Kubernetes 1.35.0 without a kubelet on 2026-12-01: docs/certificates/kubernetes.md.
 */
import { readFile } from 'node:fs/promises';
import { AlreadySubmittedError, dnsLabelKey, externalJob, jobStatus, NotSubmittedError, submitRequest } from 'mooring';

const JOBS = `${process.env['KUBERNETES_URL'] ?? 'https://kubernetes.default.svc'}/apis/batch/v1/namespaces/default/jobs`;
const TOKEN = process.env['KUBERNETES_TOKEN_FILE'] ?? '/var/run/secrets/kubernetes.io/serviceaccount/token';
type Condition = Record<'type' | 'status' | 'reason' | 'message', string>;
type Job = { metadata: { name: string; uid: string }; status: { conditions?: Condition[] } };
async function ask(method: string, path: string, signal: AbortSignal, body?: object): Promise<Response> {
  const headers = { authorization: `Bearer ${await readFile(TOKEN, 'utf8')}`, 'content-type': 'application/json' };
  return fetch(JOBS + path, { method, headers, signal, ...(body && { body: JSON.stringify(body) }) });
}

async function read(response: Response) {
  const { metadata, status } = (await response.json()) as Job;
  const isEnd = ({ type, status }: Condition): boolean => status === 'True' && (type === 'Complete' || type === 'Failed');
  return { id: { name: metadata.name, uid: metadata.uid }, end: status.conditions?.find(isEnd) };
}

async function get(name: string, signal: AbortSignal) {
  const response = await ask('GET', `/${name}`, signal);
  if (!response.ok && response.status !== 404) throw new Error(`Kubernetes answered ${response.status}`);
  return response.ok ? read(response) : undefined;
}
const word = jobStatus({ active: ['active'], succeeded: ['Complete'], failed: ['Failed'], missing: ['none'] });

export const kubernetesJob = externalJob({
  name: 'kubernetes',
  async submit(spec: object, { idempotencyKey, signal }) {
    const job = { metadata: { name: dnsLabelKey(idempotencyKey, 'job') }, spec };
    const response = await submitRequest(() => ask('POST', '', signal, job));
    if (response.ok) return (await read(response)).id;
    if (response.status === 409) throw new AlreadySubmittedError();
    if (response.status < 400 || response.status >= 500) throw new Error(`Kubernetes answered ${response.status}`);
    throw new NotSubmittedError(`refused with ${response.status}`, { retryable: response.status !== 422 });
  },
  idempotentFor: 'until-deleted',
  find: async (idempotencyKey, { signal }) => (await get(dnsLabelKey(idempotencyKey, 'job'), signal))?.id,
  findLag: 0,
  async getStatus({ name, uid }, { signal }) {
    const job = await get(name, signal);
    if (job?.id.uid !== uid) return word('none');
    return word(job.end?.type ?? 'active', `${job.end?.reason}: ${job.end?.message}`);
  },
  async cancel({ name, uid }, { signal }) {
    const how = { propagationPolicy: 'Foreground', preconditions: { uid } };
    const { ok, status } = await ask('DELETE', `/${name}`, signal, how);
    // 409: a stranger has that name now.
    if (!ok && status !== 404 && status !== 409) throw new Error(`Kubernetes answered ${status}`);
  },
});
