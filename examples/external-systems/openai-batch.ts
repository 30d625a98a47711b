/**
 * A batch of OpenAI, from an input file that was uploaded before.
 *
 * - A repeated request: a second batch, which costs again. No key is documented. But a batch has `metadata`, and the list of batches
 *   shows it: findable. How long, how soon and in which order is not documented: every page is read, and FIND is your choice.
 * - Words: validating, in_progress, finalizing, cancelling; completed; failed, expired; cancelled. 404: it does not know the batch.
 * - Trap: a batch is `completed` even if requests in it failed: look at `error_file_id`. An expired or cancelled one has the results
 *   of the requests that were done.
 * - Trap: the SDK repeats a request by itself, which makes a second batch: `maxRetries: 0`, if you use it.
 *
 * By its documentation: https://platform.openai.com/docs/api-reference/batch and https://platform.openai.com/docs/guides/batch.
 */
import { externalJob, jobStatus, NotSubmittedError, submitRequest } from 'mooring';

const BATCHES = `${process.env['OPENAI_BASE_URL'] ?? 'https://api.openai.com/v1'}/batches`;
const FIND = '1d';
const headers = { authorization: `Bearer ${process.env['OPENAI_API_KEY']}`, 'content-type': 'application/json' };
type Files = { output_file_id?: string | null; error_file_id?: string | null; errors?: { data?: { message: string }[] } | null };
type Batch = { id: string; status: string; metadata?: Record<string, string> | null } & Files;
async function get<Body>(path: string, signal: AbortSignal, method = 'GET'): Promise<Body | undefined> {
  const response = await fetch(BATCHES + path, { method, headers, signal });
  if (!response.ok && response.status !== 404) throw new Error(`OpenAI answered ${response.status}`);
  return response.ok ? ((await response.json()) as Body) : undefined;
}
const ends = { succeeded: ['completed'], failed: ['failed', 'expired'], cancelled: ['cancelled'], missing: ['none'] };
const word = jobStatus({ active: ['validating', 'in_progress', 'finalizing', 'cancelling'], ...ends });

export const openaiBatch = externalJob({
  name: 'openai-batch',
  async submit(input: { input_file_id: string; endpoint: string }, { idempotencyKey, signal }) {
    const body = JSON.stringify({ ...input, completion_window: '24h', metadata: { mooring: idempotencyKey } });
    const response = await submitRequest(() => fetch(BATCHES, { method: 'POST', headers, body, signal }));
    if (response.ok) return ((await response.json()) as Batch).id;
    if (response.status < 400 || response.status >= 500) throw new Error(`OpenAI answered ${response.status}`);
    throw new NotSubmittedError(`refused with ${response.status}`, { retryAfter: response.headers.get('retry-after') });
  },
  async find(idempotencyKey, { signal }) {
    for (let after = ''; ;) {
      const { data, has_more } = (await get<{ data: Batch[]; has_more: boolean }>(`?limit=100${after}`, signal))!;
      const batch = data.find(({ metadata }) => metadata?.['mooring'] === idempotencyKey);
      if (batch || !has_more) return batch?.id;
      after = `&after=${data.at(-1)?.id}`;
    }
  },
  findLag: '1m',
  findableFor: FIND,
  async getStatus(id, { signal }) {
    const batch = await get<Batch>(`/${id}`, signal);
    return word(batch?.status ?? 'none', batch?.errors?.data?.[0]?.message);
  },
  async getResult(id, { signal }) {
    const batch = await get<Batch>(`/${id}`, signal);
    if (!batch) throw new Error('OpenAI does not know the batch any more');
    return batch.output_file_id ?? null;
  },
  async cancel(id, { signal }) {
    await get(`/${id}/cancel`, signal, 'POST');
  },
});
