/**
 * The drill of the Kubernetes example. KUBERNETES_URL, KUBERNETES_TOKEN_FILE and NODE_EXTRA_CA_CERTS: of a control plane of
 * `scripts/systems/kubernetes.sh`, whose pods `scripts/systems/worker-pods.ts` ends.
 */
import { readFile } from 'node:fs/promises';
import { dnsLabelKey } from 'mooring';
import { defineDrill } from 'mooring/drill';
import { kubernetesJob } from '../../examples/external-systems/kubernetes.ts';

const api = process.env['KUBERNETES_URL'];
const headers = { authorization: `Bearer ${await readFile(process.env['KUBERNETES_TOKEN_FILE'] ?? '', 'utf8')}` };

interface Named {
  name: string;
  uid: string;
}

async function items<Item>(path: string, signal: AbortSignal): Promise<Item[]> {
  const answer = await fetch(api + path, { headers, signal });
  if (!answer.ok) throw new Error(`Kubernetes answered ${answer.status}`);
  return ((await answer.json()) as { items: Item[] }).items;
}

export default defineDrill({
  about: 'Kubernetes 1.35.0, batch/v1 Job, without a kubelet',
  job: kubernetesJob,
  input: {
    template: { spec: { restartPolicy: 'Never', containers: [{ name: 'work', image: 'registry.example/work:1' }] } },
  },
  // Jobs that are there, and those that a cancellation deleted: their events outlive them.
  async count({ idempotencyKeys, signal }) {
    const names = idempotencyKeys.map((key) => dnsLabelKey(key, 'job'));
    const jobs = await items<{ metadata: Named }>('/apis/batch/v1/namespaces/default/jobs', signal);
    const events = await items<{ involvedObject: Named }>('/api/v1/namespaces/default/events', signal);
    const seen = [...jobs.map(({ metadata }) => metadata), ...events.map(({ involvedObject }) => involvedObject)];
    return new Set(seen.filter(({ name }) => names.includes(name)).map(({ uid }) => uid)).size;
  },
});
