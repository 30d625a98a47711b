import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../scripts/command.ts';
import { OLDEST_SDK, sdkFolder } from '../../scripts/temporal/sdk.ts';
import { startTemporal, type TemporalServer } from '../support/temporal.ts';
import { createConsumer, type Consumer } from './consumer.ts';

/** The packed tarball with the lowest version of Temporal's SDK that it allows, on a real server. */

let consumer: Consumer;
let server: TemporalServer;

beforeAll(async () => {
  [consumer, server] = await Promise.all([createConsumer(), startTemporal()]);
  await symlink(join(await sdkFolder(OLDEST_SDK), '@temporalio'), join(consumer.folder, 'node_modules', '@temporalio'));
});
afterAll(async () => {
  await server?.stop();
  await consumer?.remove();
});

const WORKFLOWS = `
import { proxyActivities } from '@temporalio/workflow';
import { cancelWith, resumableOptions } from 'mooring/temporal/workflow';
const retry = { initialInterval: '10ms', backoffCoefficient: 1 };
const hold = proxyActivities(resumableOptions('hold', { heartbeatTimeout: '2s', retry }));
const later = proxyActivities(resumableOptions('async'));
export const held = (input) => hold.held(input);
export const released = (input) => hold.released(input);
export const called = (input) => cancelWith(() => hold.cancelCalled(input), () => later.called(input));
export const refused = (input) => hold.refused(input);
`;

const PROGRAM = `
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { externalJob } from 'mooring';
import { cancellingActivity, completeActivity, mooringPlugin, resumableActivity, taskContext } from 'mooring/temporal';
import { fakeClock, memoryStateStore } from 'mooring/testing';
Runtime.install({ logger: new DefaultLogger('ERROR') });
const address = process.argv[2];
const workflowBundle = await bundleWorkflowCode({ workflowsPath: fileURLToPath(new URL('workflows.js', import.meta.url)), logger: new DefaultLogger('ERROR') });
const seen = { submits: [], cancels: [], token: undefined };
const jobAfter = (looks) => externalJob({
  submit: async (input, { callbackToken }) => { seen.token = callbackToken; return 'job-' + seen.submits.push(input); },
  idempotentFor: '1d',
  getStatus: async () => ({ state: (looks -= 1) > 0 ? 'active' : 'succeeded' }),
  getResult: async (id) => id + ' done',
  cancel: async (id, { reason }) => void seen.cancels.push(id + ' ' + reason),
  pollInterval: 20,
});
const scope = { workflowRun: 'called' };
const endless = jobAfter(Infinity);
const activities = {
  async held(input) {
    const ctx = taskContext();
    const job = jobAfter(1);
    await ctx.submit(job, input);
    if (ctx.attempt === 1) throw new Error('the worker fell over');
    return ctx.run(job, input);
  },
  released: resumableActivity(jobAfter(3), { wait: { mode: 'release', holdFor: 1 } }),
  called: resumableActivity(endless, { scope, wait: { mode: 'async' } }),
  cancelCalled: cancellingActivity(endless, scope),
  refused: () => taskContext().state.set('', 1),
};
const plugin = mooringPlugin(memoryStateStore());
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({ connection, taskQueue: 'q', workflowBundle, activities, plugins: [plugin, plugin] });
const client = new Client({ connection: await Connection.connect({ address }) });
const start = (name) => client.workflow.start(name, { taskQueue: 'q', workflowId: name + Math.random(), args: [name] });
const until = async (condition) => { while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20)); };
const results = await worker.runUntil(async () => {
  const held = await (await start('held')).result();
  const released = await (await start('released')).result();
  const handle = await start('called');
  await until(() => seen.submits.length === 3);
  while (!(await completeActivity(client.activity, seen.token, { result: 'hooked' }).catch(() => false)));
  const called = await handle.result();
  const cancelled = await start('called');
  await until(() => seen.submits.length === 4);
  await cancelled.cancel();
  const end = await cancelled.result().catch((error) => error.cause?.name ?? error.name);
  const refused = await (await start('refused')).result().catch((error) => error.cause.cause.type);
  return { held, released, called, end, refused };
});
console.log(JSON.stringify({ ...results, submits: seen.submits, cancels: seen.cancels.length > 0 && new Set(seen.cancels).size }));
process.exit(0);
`;

test(`holds, releases, completes, cancels and tells errors with SDK ${OLDEST_SDK}`, async () => {
  await consumer.write('workflows.js', WORKFLOWS);
  const program = await consumer.write('program.js', PROGRAM);

  const { stdout, stderr } = await run(process.execPath, [program, server.address], { cwd: consumer.folder });

  expect(stderr).not.toContain('Error:');
  expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual({
    held: 'job-1 done',
    released: 'job-2 done',
    called: 'hooked',
    end: 'CancelledFailure',
    refused: 'mooring.invalid-key',
    submits: ['held', 'released', 'called', 'called'],
    cancels: 1,
  });
});
