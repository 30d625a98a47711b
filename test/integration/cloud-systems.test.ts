import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { AmbiguousSubmitError, ExternalJobFailedError, ExternalJobMissingError, NotSubmittedError } from '../../src/index.ts';
import type { ExternalId, ExternalJob } from '../../src/index.ts';
import { fakeClock, memoryStateStore, testTask } from '../../src/testing.ts';
import { bigQuery, cloudRun, googleBatch } from '../support/cloud/google.ts';
import { anthropic, databricks, openai, replicate } from '../support/cloud/others.ts';
import { startStandIn, type Api, type StandIn } from '../support/cloud/server.ts';
import { until } from '../support/until.ts';

/** The examples of cloud systems that speak HTTP, against stand-ins that follow their documentation. */

type Job = ExternalJob<unknown, ExternalId, unknown>;

/** One system: its words for a job that runs, succeeded, failed (none: an empty text), and was stopped by a person. */
interface System {
  file: string;
  exported: string;
  api: Api;
  input: unknown;
  words: [active: string, succeeded: string, failed: string, cancelled: string];
  result?: string;
  idOf?: (count: number) => string;
  /** Whether a job that runs can be found. */
  findable: boolean;
}

const SYSTEMS: readonly System[] = [
  {
    file: 'google-batch',
    exported: 'batchJob',
    api: googleBatch,
    input: { taskGroups: [] },
    words: ['SCHEDULED', 'SUCCEEDED', 'FAILED', 'CANCELLED'],
    findable: true,
  },
  {
    file: 'google-cloud-run',
    exported: 'cloudRunJob',
    api: cloudRun,
    input: { containers: [] },
    words: ['EXECUTION_RUNNING', 'EXECUTION_SUCCEEDED', 'EXECUTION_FAILED', 'EXECUTION_CANCELLED'],
    findable: true,
  },
  {
    file: 'bigquery',
    exported: 'queryJob',
    api: bigQuery,
    input: { query: 'SELECT 1' },
    words: ['RUNNING', 'DONE', 'DONE invalidQuery', 'DONE stopped'],
    findable: true,
  },
  {
    file: 'databricks',
    exported: 'databricksRun',
    api: databricks,
    input: { job_id: 7 },
    words: ['BLOCKED', 'TERMINATED SUCCESS', 'TERMINATED TIMEDOUT', 'TERMINATED CANCELED'],
    idOf: (count) => `922337203685477580${count}`,
    findable: true,
  },
  {
    file: 'openai-batch',
    exported: 'openaiBatch',
    api: openai,
    input: { input_file_id: 'file-1', endpoint: '/v1/responses' },
    words: ['finalizing', 'completed', 'expired', 'cancelled'],
    result: 'file-of-job-1',
    findable: true,
  },
  {
    file: 'anthropic-batch',
    exported: 'messageBatch',
    api: anthropic,
    input: [{ model: 'a-model' }],
    words: ['in_progress', 'ended', '', 'ended cancelled'],
    findable: false,
  },
  {
    file: 'replicate',
    exported: 'prediction',
    api: replicate,
    input: { version: 'v1', input: {} },
    words: ['processing', 'succeeded', 'aborted', 'canceled'],
    result: 'output-of-job-1',
    findable: false,
  },
];

const URLS = ['GOOGLE_BATCH_URL', 'GOOGLE_RUN_URL', 'BIGQUERY_URL', 'DATABRICKS_HOST', 'ANTHROPIC_BASE_URL', 'REPLICATE_URL'];

describe.each(SYSTEMS)('$file', ({ file, exported, api, input, words, result, idOf = (count) => `job-${count}`, findable }) => {
  const [active, succeeded, failed, cancelled] = words;
  let cloud: StandIn;
  let job: Job;
  let clock: ReturnType<typeof fakeClock>;

  beforeAll(async () => {
    cloud = await startStandIn(api, idOf);
    for (const name of URLS) process.env[name] = cloud.url;
    process.env['OPENAI_BASE_URL'] = `${cloud.url}/v1`;
    process.env['GCE_METADATA_HOST'] = new URL(cloud.url).host;
    const module = (await import(`../../examples/external-systems/${file}.ts`)) as Record<string, Job>;
    job = module[exported] as Job;
  });

  afterAll(() => cloud?.close());

  beforeEach(() => {
    clock = fakeClock();
    cloud.now = () => new Date(clock.now());
    cloud.reset([active, succeeded]);
  });

  const taskOf = () => testTask(memoryStateStore({ clock }));
  const run = (task: ReturnType<typeof taskOf>) => task.attempt((ctx) => ctx.run(job, input));

  test('gives the result of the one job that it starts', async () => {
    const given = await run(taskOf());

    expect(cloud.jobs).toHaveLength(1);
    if (result !== undefined) expect(given).toBe(result);
  });

  test(`after a lost answer, ${findable ? 'the next attempt finds the job' : 'a person is asked while the job runs'}`, async () => {
    const task = taskOf();
    await expect(task.attempt((ctx) => ctx.run(job, input), { killAt: 'G5' })).rejects.toThrow();

    const next = run(task);

    if (findable) await next;
    else await expect(next).rejects.toBeInstanceOf(AmbiguousSubmitError);
    expect(cloud.jobs).toHaveLength(1);
  });

  test('a worker that dies before the request leaves no question open', async () => {
    const task = taskOf();
    await expect(task.attempt((ctx) => ctx.run(job, input), { killAt: 'G3' })).rejects.toThrow();

    await run(task);

    expect(cloud.jobs).toHaveLength(1);
  });

  test('an outage and a word that is not documented do not end the wait', async () => {
    cloud.reset(['A_NEW_WORD', active, succeeded]);
    const task = taskOf();
    await expect(task.attempt((ctx) => ctx.run(job, input), { killAt: 'G8' })).rejects.toThrow();
    cloud.instead.push({ status: 503, body: {} }, { status: 500, body: {} });

    await run(task);

    expect(cloud.jobs).toHaveLength(1);
  });

  test('too many requests: nothing was started, so nobody is asked', async () => {
    const task = taskOf();
    cloud.instead.push({ status: 429, body: {} });
    await expect(run(task)).rejects.toBeInstanceOf(NotSubmittedError);

    await run(task);

    expect(cloud.jobs).toHaveLength(1);
  });

  const ends = [
    { what: 'failed', word: failed, retryable: true },
    { what: 'was stopped by a person', word: cancelled, retryable: false },
  ];

  test.each(ends.filter(({ word }) => word !== ''))('a job that $what', async ({ word, retryable }) => {
    cloud.reset([active, word]);

    const failure: unknown = await run(taskOf()).catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(ExternalJobFailedError);
    expect(failure).toMatchObject({ retryable });
  });

  test('a job that is not known any more is missing', async () => {
    const task = taskOf();
    await expect(task.attempt((ctx) => ctx.run(job, input), { killAt: 'G8' })).rejects.toThrow();
    cloud.jobs.length = 0;

    await expect(run(task)).rejects.toBeInstanceOf(ExternalJobMissingError);
  });

  test('a cancellation reaches the job', async () => {
    cloud.reset([active]);
    const person = new AbortController();
    const attempt = taskOf().attempt((ctx) => ctx.run(job, input), { signal: person.signal });
    const ended = expect(attempt).rejects.toThrow();
    await until(() => cloud.jobs.length === 1);
    person.abort();

    await ended;

    expect(cloud.jobs[0]?.cancelled).toBe(true);
  });

  if (file !== 'anthropic-batch') return;

  test('after a lost answer, a batch that has ended is found by its results', async () => {
    const task = taskOf();
    await expect(task.attempt((ctx) => ctx.run(job, input), { killAt: 'G5' })).rejects.toThrow();
    cloud.add('of-somebody-else');
    for (const one of cloud.jobs) one.words = [succeeded];

    const given = await run(task);

    expect(given).toBe(`${cloud.url}/v1/messages/batches/job-1/results`);
    expect(cloud.jobs).toHaveLength(2);
  });
});
