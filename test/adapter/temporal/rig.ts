import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type RuntimeOptions,
  type WorkerOptions,
} from '@temporalio/worker';
import { mooringPlugin, type ActivityStateOptions } from '../../../adapters/temporal/index.ts';
import type { StateStore } from '../../../src/index.ts';
import { memoryStateStore } from '../../../src/testing.ts';
import { startTemporal, type Generation } from '../../support/temporal.ts';
import type * as workflows from './workflows.ts';

/** A real Temporal server, a client, and workers in this process whose workflows are those of workflows.ts. */

type Workflows = typeof workflows;

/** What a test works with. */
export interface TemporalRig {
  readonly address: string;
  readonly client: Client;
  /** Runs a worker until `work` ends; a worker has a queue of its own. */
  withWorker<Result>(options: RigWorkerOptions, work: (queue: WorkerRig) => Promise<Result>): Promise<Result>;
  stop(): Promise<void>;
}

/** What is particular of a worker. */
export interface RigWorkerOptions extends Partial<Omit<WorkerOptions, 'activities' | 'taskQueue'>> {
  activities: object;
  /** @defaultValue a new one in memory */
  store?: StateStore;
  state?: ActivityStateOptions;
  /** To work at a queue that another worker left. @defaultValue a new one */
  taskQueue?: string;
}

/** A worker that runs. */
export interface WorkerRig {
  readonly taskQueue: string;
  readonly worker: Worker;
  readonly store: StateStore;
  /** Starts a workflow of workflows.ts. */
  start<Name extends keyof Workflows>(name: Name, ...args: Parameters<Workflows[Name]>): Promise<WorkflowHandle>;
  /** Starts one and waits for its result. */
  run<Name extends keyof Workflows>(name: Name, ...args: Parameters<Workflows[Name]>): Promise<unknown>;
}

let installed = false;

const QUIET: RuntimeOptions = { logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'ERROR' } } };

/** Starts a server and bundles the workflows. The first call decides on the process's log and metrics. */
export async function temporalRig(generation?: Generation, runtime: RuntimeOptions = QUIET): Promise<TemporalRig> {
  if (!installed) Runtime.install(runtime);
  installed = true;
  const workflowsPath = fileURLToPath(new URL('workflows.ts', import.meta.url));
  const [server, workflowBundle] = await Promise.all([
    startTemporal(generation),
    bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') }),
  ]);
  const { address } = server;
  const connection = await NativeConnection.connect({ address });
  const clientConnection = await Connection.connect({ address });
  const client = new Client({ connection: clientConnection });
  return {
    address,
    client,
    async withWorker({ activities, store = memoryStateStore(), state, taskQueue = randomUUID(), plugins, ...others }, work) {
      const worker = await Worker.create({
        connection,
        taskQueue,
        workflowBundle,
        activities,
        plugins: plugins ?? [mooringPlugin(store, state)],
        shutdownForceTime: '10s',
        ...others,
      });
      const start: WorkerRig['start'] = (name, ...args) =>
        client.workflow.start<Workflow>(name, { taskQueue, workflowId: randomUUID(), args: [...args] });
      return worker.runUntil(() =>
        work({ taskQueue, worker, store, start, run: async (name, ...args) => (await start(name, ...args)).result() }),
      );
    },
    async stop() {
      await connection.close();
      await clientConnection.close();
      await server.stop();
    },
  };
}
