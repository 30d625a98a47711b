import type { Answer, Api, Cloud, CloudJob } from './server.ts';

/** Google Cloud, as documented: names that are chosen by the caller, 409 for a known one. */

const byId = ({ jobs }: Cloud, id: unknown): CloudJob | undefined => jobs.find((job) => job.id === id || job.key === id);

/** The job that a name makes, or 409. */
function create(cloud: Cloud, key: unknown, body: (job: CloudJob) => unknown): Answer {
  if (byId(cloud, key)) return { status: 409, body: { error: { code: 409, status: 'ALREADY_EXISTS' } } };
  return { body: body(cloud.add(String(key))) };
}

/** The last part of a path, and the method behind its colon. */
const lastOf = (path: string): string[] => path.slice(path.lastIndexOf('/') + 1).split(':');

/** `batch.googleapis.com`. */
export const googleBatch: Api = ({ method, path, query }, cloud) => {
  if (method === 'POST' && path.endsWith('/jobs')) return create(cloud, query.get('jobId'), ({ key }) => ({ name: key }));
  const [name, verb] = lastOf(path);
  const job = byId(cloud, name);
  if (!job) return undefined;
  if (verb === 'cancel') job.cancelled = true;
  return { body: { name, status: { state: cloud.look(job), statusEvents: [{ description: 'exit code 1' }] } } };
};

/** `run.googleapis.com`. A job that is PENDING has no execution yet. */
export const cloudRun: Api = ({ method, path, query, body }, cloud) => {
  if (method === 'POST' && path.endsWith('/jobs')) {
    if (body['startExecutionToken'] !== 'run') return { status: 400, body: {} };
    return create(cloud, query.get('jobId'), () => ({ name: 'operation' }));
  }
  const job = byId(cloud, path.split('/jobs/')[1]?.split('/')[0]);
  if (!job) return undefined;
  if (path.endsWith('-run:cancel')) job.cancelled = true;
  const completionStatus = cloud.look(job);
  const latestCreatedExecution = { name: `projects/p/executions/${job.key}-run`, completionStatus };
  return { body: { terminalCondition: { state: 'CONDITION_PENDING' }, latestCreatedExecution } };
};

/** `bigquery.googleapis.com`. A word in two parts is DONE with that error. */
export const bigQuery: Api = ({ method, path, query, body }, cloud) => {
  if (method === 'POST' && path.endsWith('/jobs')) {
    return create(cloud, (body['jobReference'] as { jobId: string }).jobId, () => ({}));
  }
  const job = byId(cloud, path.split('/jobs/')[1]?.split('/')[0]);
  if (!job || query.get('location') !== 'EU') return undefined;
  if (path.endsWith('/cancel')) job.cancelled = true;
  const [state, reason] = cloud.look(job).split(' ');
  return { body: { status: { state, ...(reason && { errorResult: { reason, message: 'said so' } }) } } };
};
