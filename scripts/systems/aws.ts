/**
 * Runs the examples of AWS against moto, an emulator, and prints what came of it. AWS_ENDPOINT_URL: of `scripts/systems/moto.sh`.
 * It proves that the calls of the examples are right. It says nothing about keys: moto forgets client tokens.
 */
import { BatchClient, RegisterJobDefinitionCommand } from '@aws-sdk/client-batch';
import { CreateComputeEnvironmentCommand, CreateJobQueueCommand, ListJobsCommand } from '@aws-sdk/client-batch';
import { CreateApplicationCommand, EMRServerlessClient, ListJobRunsCommand } from '@aws-sdk/client-emr-serverless';
import { CreateJobCommand, GetJobRunsCommand, GlueClient } from '@aws-sdk/client-glue';
import { CreateStateMachineCommand, ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { memoryStateStore, testTask } from 'mooring/testing';
import type { ExternalId, ExternalJob, JobContext } from 'mooring';

type Job = ExternalJob<unknown, ExternalId, unknown>;
type Given = { file: string; exported: string; input: unknown; known: ExternalId; midnight?: true; count: () => Promise<number> };

const role = 'arn:aws:iam::123456789012:role/job';
const [batch, glue, sfn, emr] = [new BatchClient(), new GlueClient(), new SFNClient(), new EMRServerlessClient()];

/** moto runs the jobs of Batch without containers, and has an IAM role for them. */
async function prepare(): Promise<void> {
  const moto = process.env['AWS_ENDPOINT_URL'] ?? '';
  await fetch(`${moto}/moto-api/config`, { method: 'POST', body: JSON.stringify({ batch: { use_docker: false } }) });
  const authorization = 'AWS4-HMAC-SHA256 Credential=id/20261201/us-east-1/iam/aws4_request';
  const body = new URLSearchParams({
    Action: 'CreateRole',
    RoleName: 'job',
    AssumeRolePolicyDocument: '{}',
    Version: '2010-05-08',
  });
  await fetch(moto, { method: 'POST', headers: { authorization }, body });
}

async function batchJobs(): Promise<Given> {
  const environment = { computeEnvironmentName: 'env', type: 'UNMANAGED', state: 'ENABLED', serviceRole: role } as const;
  const { computeEnvironmentArn } = await batch.send(new CreateComputeEnvironmentCommand(environment));
  const order = [{ order: 1, computeEnvironment: computeEnvironmentArn }];
  await batch.send(
    new CreateJobQueueCommand({ jobQueueName: 'nightly', state: 'ENABLED', priority: 1, computeEnvironmentOrder: order }),
  );
  const containerProperties = { image: 'busybox', vcpus: 1, memory: 128, command: ['true'] };
  await batch.send(new RegisterJobDefinitionCommand({ jobDefinitionName: 'job', type: 'container', containerProperties }));
  const all = [{ name: 'JOB_NAME', values: ['m*'] }];
  const count = async () =>
    (await batch.send(new ListJobsCommand({ jobQueue: 'nightly', filters: all }))).jobSummaryList?.length ?? 0;
  const input = { jobDefinition: 'job', command: ['true'] };
  return { file: 'aws-batch', exported: 'batchJob', input, known: '00000000-0000-0000-0000-000000000000', count };
}

async function glueRuns(): Promise<Given> {
  await glue.send(
    new CreateJobCommand({ Name: 'job', Role: role, Command: { Name: 'glueetl' }, ExecutionProperty: { MaxConcurrentRuns: 9 } }),
  );
  const count = async () => (await glue.send(new GetJobRunsCommand({ JobName: 'job' }))).JobRuns?.length ?? 0;
  const input = { job: 'job', arguments: { '--day': '1' } };
  return { file: 'aws-glue', exported: 'glueRun', input, known: { JobName: 'job', RunId: 'jr_none' }, count };
}

async function executions(): Promise<Given> {
  const definition = JSON.stringify({ StartAt: 'Done', States: { Done: { Type: 'Succeed' } } });
  const { stateMachineArn } = await sfn.send(new CreateStateMachineCommand({ name: 'orders', definition, roleArn: role }));
  process.env['STATE_MACHINE_ARN'] = stateMachineArn;
  const count = async () => (await sfn.send(new ListExecutionsCommand({ stateMachineArn }))).executions?.length ?? 0;
  const known = `${stateMachineArn?.replace(':stateMachine:', ':execution:')}:none`;
  return { file: 'aws-step-functions', exported: 'execution', input: { order: 1 }, known, count };
}

async function jobRuns(): Promise<Given> {
  const application = new CreateApplicationCommand({ name: 'app', releaseLabel: 'emr-7.0.0', type: 'SPARK' });
  const { applicationId } = await emr.send(application);
  process.env['EMR_APPLICATION'] = applicationId;
  const count = async () => (await emr.send(new ListJobRunsCommand({ applicationId }))).jobRuns?.length ?? 0;
  const input = { entryPoint: 's3://bucket/main.py', entryPointArguments: [] };
  return { file: 'aws-emr-serverless', exported: 'emrRun', input, known: '00none', midnight: true, count };
}

/** What came of a piece of work, in a few words. */
const told = (work: Promise<unknown>): Promise<string> =>
  work.then(
    (value) => (value === undefined ? 'done' : JSON.stringify(value)),
    (error: Error) => `${error.name}: ${error.message}`,
  );

await prepare();
for (const make of [batchJobs, glueRuns, executions, jobRuns]) {
  const { file, exported, input, known, midnight, count } = await make();
  const job = ((await import(`../../examples/external-systems/${file}.ts`)) as Record<string, Job>)[exported] as Job;
  const context = { signal: AbortSignal.timeout(60_000), input, submittedAt: new Date(), idempotencyKey: '', submission: 1 };
  const about: JobContext<unknown> = context;
  const store = memoryStateStore();
  const task = testTask(store);
  const ids: ExternalId[] = [];
  // moto says of every run of EMR that it was made at midnight, which is before the time that `find` asks for.
  const find: Job['find'] = async (key, { submittedAt, ...more }) =>
    job.find?.(key, { ...more, submittedAt: midnight ? new Date(+submittedAt - 24 * 60 * 60_000) : submittedAt });
  const seen: Job = {
    ...job,
    find,
    findLag: 0,
    submitTimeout: '2s',
    getStatus: (id, told) => (ids.push(id), job.getStatus(id, told)),
  };
  const leave = { signal: AbortSignal.timeout(20_000) };

  console.log(`\n## ${file}`);
  console.log('killed after the job was accepted:', await told(task.attempt((ctx) => ctx.run(seen, input), { killAt: 'G5' })));
  console.log('jobs there:', await count());
  console.log('the next attempt, cancelled after 20 seconds:', await told(task.attempt((ctx) => ctx.run(seen, input), leave)));
  console.log('its decisions:', store.events.flatMap((event) => (event.type === 'decision' ? [event.decision] : [])).join(', '));
  console.log('jobs there:', await count());
  console.log('status of the job:', await told(ids[0] === undefined ? Promise.resolve('none') : job.getStatus(ids[0], about)));
  console.log('status of an unknown job:', await told(job.getStatus(known, about)));
}
