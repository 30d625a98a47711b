/**
 * A prediction of Replicate.
 *
 * - A repeated request: a second prediction, which costs again. No key is documented, and nothing of your own can be attached: plain.
 *   The list of predictions, the newest first, proves only that there is none: `find` says so, or that it cannot know.
 * - How long the list shows a prediction, and how soon, is not documented: FIND is your choice.
 * - Words: starting, processing; succeeded; failed, aborted; canceled. 404: it does not know the prediction.
 * - Trap: input, output and files are removed after an hour. Copy the files in the task, and poll often enough.
 * - Trap: `canceled` is also the word for a prediction that exceeded its deadline while it ran.
 *
 * By its documentation: https://replicate.com/docs/reference/http and .../topics/predictions/lifecycle, .../data-retention.
 */
import { cannotKnow, externalJob, jobStatus, NotSubmittedError, submitRequest } from 'mooring';

const PREDICTIONS = `${process.env['REPLICATE_URL'] ?? 'https://api.replicate.com'}/v1/predictions`;
const FIND = '1d';
const CLOCKS_DIFFER = 5 * 60_000;
const headers = { authorization: `Bearer ${process.env['REPLICATE_API_TOKEN']}`, 'content-type': 'application/json' };

type Prediction = Record<'id' | 'status' | 'created_at', string> & { error?: string; output?: unknown; data_removed?: boolean };

async function get<Body>(path: string, signal: AbortSignal, method = 'GET'): Promise<Body | undefined> {
  const response = await fetch(PREDICTIONS + path, { method, headers, signal });
  if (!response.ok && response.status !== 404) throw new Error(`Replicate answered ${response.status}`);
  return response.ok ? ((await response.json()) as Body) : undefined;
}

const ends = { succeeded: ['succeeded'], failed: ['failed', 'aborted'], cancelled: ['canceled'], missing: ['none'] };
const word = jobStatus({ active: ['starting', 'processing'], ...ends });

export const prediction = externalJob({
  name: 'replicate',
  async submit(input: { version: string; input: object }, { signal }) {
    const request = { method: 'POST', headers, body: JSON.stringify(input), signal };
    const response = await submitRequest(() => fetch(PREDICTIONS, request));
    if (response.ok) return ((await response.json()) as Prediction).id;
    if (response.status < 400 || response.status >= 500) throw new Error(`Replicate answered ${response.status}`);
    throw new NotSubmittedError(`refused with ${response.status}`, { retryAfter: response.headers.get('retry-after') });
  },
  async find(_key, { submittedAt, signal }) {
    const { results, next } = (await get<{ results: Prediction[]; next: string | null }>('', signal))!;
    const since = results.filter(({ created_at }) => Date.parse(created_at) >= +submittedAt - CLOCKS_DIFFER);
    return since.length === 0 && (results.length > 0 || next === null) ? undefined : cannotKnow;
  },
  findLag: '1m',
  findableFor: FIND,
  async getStatus(id, { signal }) {
    const { status, error } = (await get<Prediction>(`/${id}`, signal)) ?? { status: 'none' };
    return word(status, error);
  },
  async getResult(id, { signal }) {
    const seen = await get<Prediction>(`/${id}`, signal);
    if (!seen || seen.data_removed) throw new Error('Replicate has removed the output');
    return seen.output;
  },
  async cancel(id, { signal }) {
    await get(`/${id}/cancel`, signal, 'POST');
  },
});
