import type { Api } from './server.ts';

/** Databricks, OpenAI, Anthropic and Replicate, as documented. */

/** The Jobs API 2.1. A run ID has 19 digits, as an int64 may. */
export const databricks: Api = ({ path, query, body }, cloud) => {
  if (path.endsWith('/run-now') || path.endsWith('/submit')) {
    const key = body['idempotency_token'] as string;
    const job = cloud.jobs.find((one) => one.key === key) ?? cloud.add(key);
    return { body: `{"run_id":${job.id}}` };
  }
  const id = query.get('run_id') ?? String(body['run_id']);
  const job = path.endsWith('/cancel') ? cloud.jobs[0] : cloud.jobs.find((one) => one.id === id);
  if (!job) return { status: 400, body: { error_code: 'INVALID_PARAMETER_VALUE', message: `Run ${id} does not exist.` } };
  if (path.endsWith('/cancel')) job.cancelled = true;
  const [life_cycle_state, result_state] = cloud.look(job).split(' ');
  return { body: { state: { life_cycle_state, result_state, state_message: 'said so' } } };
};

/** `/v1/batches`: pages of one batch each. */
export const openai: Api = ({ method, path, query, body }, cloud) => {
  const [, , , id, verb] = path.split('/');
  const shown = (job: (typeof cloud.jobs)[number]) => ({ id: job.id, status: 'validating', metadata: { mooring: job.key } });
  if (id === undefined && method === 'POST') return { body: shown(cloud.add((body['metadata'] as { mooring: string }).mooring)) };
  if (id === undefined) {
    const at = cloud.jobs.findIndex((job) => job.id === query.get('after')) + 1;
    return { body: { data: cloud.jobs.slice(at, at + 1).map(shown), has_more: at + 1 < cloud.jobs.length } };
  }
  const job = cloud.jobs.find((one) => one.id === id);
  if (!job) return undefined;
  if (verb === 'cancel') job.cancelled = true;
  const status = verb === 'cancel' ? 'cancelling' : cloud.look(job);
  return { body: { ...shown(job), status, output_file_id: `file-of-${id}`, errors: { data: [{ message: 'said so' }] } } };
};

/** `/v1/messages/batches`. A batch that ended shows its results, and in them its key. A word in two parts was cancelled. */
export const anthropic: Api = ({ method, path, body }, cloud) => {
  const [, , , , id, verb] = path.split('/');
  const shown = (job: (typeof cloud.jobs)[number], word: string) => {
    const [processing_status, cancelled] = word.split(' ');
    const results_url = processing_status === 'ended' ? 'https://results.example' : null;
    const cancel_initiated_at = cancelled ? job.createdAt.toISOString() : null;
    return { id: job.id, created_at: job.createdAt.toISOString(), processing_status, results_url, cancel_initiated_at };
  };
  if (id === undefined && method === 'POST') {
    const [first] = body['requests'] as { custom_id: string }[];
    return { body: shown(cloud.add(first?.custom_id.split('-')[0]), 'in_progress') };
  }
  if (id === undefined) return { body: { data: cloud.jobs.map((job) => shown(job, job.words[0] ?? '')), has_more: false } };
  const job = cloud.jobs.find((one) => one.id === id);
  if (!job) return undefined;
  if (verb === 'cancel') job.cancelled = true;
  if (verb === 'results') return { body: `${JSON.stringify({ custom_id: `${job.key}-0`, result: {} })}\n` };
  return { body: shown(job, verb === 'cancel' ? 'canceling' : cloud.look(job)) };
};

/** `/v1/predictions`. */
export const replicate: Api = ({ method, path }, cloud) => {
  const [, , , id, verb] = path.split('/');
  const shown = (job: (typeof cloud.jobs)[number], status: string) => {
    return { id: job.id, created_at: job.createdAt.toISOString(), status, error: 'said so', output: `output-of-${job.id}` };
  };
  if (id === undefined && method === 'POST') return { status: 201, body: shown(cloud.add(undefined), 'starting') };
  if (id === undefined) return { body: { results: cloud.jobs.map((job) => shown(job, 'starting')), next: null } };
  const job = cloud.jobs.find((one) => one.id === id);
  if (!job) return undefined;
  if (verb === 'cancel') job.cancelled = true;
  return { body: shown(job, cloud.look(job)) };
};
