/**
 * A message batch of Anthropic.
 *
 * - A repeated request: a second batch, which costs again. No key is documented, and a batch has no name and no metadata. But its
 *   results show the `custom_id` of each request: findable once it has ended, for 29 days after the creation. Before its end, `find`
 *   cannot know whether a batch of that time in the workspace is its own. How soon a batch is listed is not documented.
 * - Words: in_progress, canceling; ended. `cancel_initiated_at` tells that somebody stopped it. 404: it does not know the batch.
 * - Trap: a batch that ended may have no result that succeeded (`request_counts`): after 24 hours its requests expire. The SDK repeats
 *   a request by itself, which makes a second batch: `maxRetries: 0`, if you use it.
 *
 * By its documentation: https://platform.claude.com/docs/en/build-with-claude/batch-processing and .../api/listing-message-batches.
 */
import { cannotKnow, externalJob, jobStatus, NotSubmittedError, submitRequest } from 'mooring';
const BATCHES = `${process.env['ANTHROPIC_BASE_URL'] ?? 'https://api.anthropic.com'}/v1/messages/batches`;
const version = { 'anthropic-version': '2023-06-01', 'content-type': 'application/json' };
const headers = { 'x-api-key': process.env['ANTHROPIC_API_KEY'] ?? '', ...version };
const CLOCKS_DIFFER = 5 * 60_000;
type Batch = Record<'id' | 'processing_status' | 'created_at' | 'results_url' | 'cancel_initiated_at', string>;
const ask = (path: string, signal: AbortSignal, request?: RequestInit) => fetch(BATCHES + path, { ...request, headers, signal });
async function get(path: string, signal: AbortSignal, request?: RequestInit): Promise<Response> {
  const response = await ask(path, signal, request);
  if (response.ok || response.status === 404) return response;
  throw new Error(`Anthropic answered ${response.status}`);
}
const word = jobStatus({ active: ['in_progress', 'canceling'], succeeded: ['ended'], failed: [], cancelled: ['stopped'] });

export const messageBatch = externalJob({
  name: 'anthropic-batch',
  async submit(messages: object[], { idempotencyKey, signal }) {
    const requests = messages.map((params, index) => ({ custom_id: `${idempotencyKey}-${index}`, params }));
    const response = await submitRequest(() => ask('', signal, { method: 'POST', body: JSON.stringify({ requests }) }));
    if (response.ok) return ((await response.json()) as Batch).id;
    if (response.status < 400 || response.status >= 500) throw new Error(`Anthropic answered ${response.status}`);
    throw new NotSubmittedError(`refused with ${response.status}`, { retryAfter: response.headers.get('retry-after') });
  },
  async find(idempotencyKey, { submittedAt, signal }) {
    const { data, has_more } = (await (await get('?limit=1000', signal)).json()) as { data: Batch[]; has_more: boolean };
    const since = data.filter(({ created_at }) => Date.parse(created_at) >= +submittedAt - CLOCKS_DIFFER);
    let isSure = since.every(({ results_url }) => results_url) && (since.length < data.length || !has_more);
    for (const { id } of since.filter(({ results_url }) => results_url)) {
      const results = await get(`/${id}/results`, signal);
      if (!results.ok) isSure = false;
      else if ((await results.text()).includes(`"${idempotencyKey}-`)) return id;
    }
    return isSure ? undefined : cannotKnow;
  },
  findLag: '1m',
  findableFor: '28d',
  async getStatus(id, { signal }) {
    const response = await get(`/${id}`, signal);
    if (!response.ok) return { state: 'missing' };
    const { processing_status, cancel_initiated_at } = (await response.json()) as Batch;
    return word(processing_status === 'ended' && cancel_initiated_at ? 'stopped' : processing_status);
  },
  getResult: async (id) => `${BATCHES}/${id}/results`,
  async cancel(id, { signal }) {
    await get(`/${id}/cancel`, signal, { method: 'POST' });
  },
});
