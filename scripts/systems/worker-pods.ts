/**
 * In place of a kubelet, for the drill of Kubernetes: says of each pod that it runs, and two seconds later that it succeeded. A pod
 * that is being deleted goes. KUBERNETES_URL, KUBERNETES_TOKEN_FILE, NODE_EXTRA_CA_CERTS.
 */
import { readFile } from 'node:fs/promises';

interface Pod {
  metadata: { name: string; creationTimestamp: string; deletionTimestamp?: string };
  status: { phase: string };
}

const pods = `${process.env['KUBERNETES_URL']}/api/v1/namespaces/default/pods`;
const authorization = `Bearer ${await readFile(process.env['KUBERNETES_TOKEN_FILE'] ?? '', 'utf8')}`;
const WORKS = 2_000;

async function say({ metadata: { name } }: Pod, phase: string): Promise<void> {
  const headers = { authorization, 'content-type': 'application/merge-patch+json' };
  await fetch(`${pods}/${name}/status`, { method: 'PATCH', headers, body: JSON.stringify({ status: { phase } }) });
}

async function remove({ metadata: { name } }: Pod): Promise<void> {
  await fetch(`${pods}/${name}?gracePeriodSeconds=0`, { method: 'DELETE', headers: { authorization } });
}

async function look(): Promise<void> {
  const { items } = (await (await fetch(pods, { headers: { authorization } })).json()) as { items: Pod[] };
  for (const pod of items) {
    const { creationTimestamp, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined) await remove(pod);
    else if (pod.status.phase === 'Pending') await say(pod, 'Running');
    else if (pod.status.phase === 'Running' && Date.now() - Date.parse(creationTimestamp) > WORKS) await say(pod, 'Succeeded');
  }
}

for (;;) {
  await look();
  await new Promise((resolve) => setTimeout(resolve, 300));
}
