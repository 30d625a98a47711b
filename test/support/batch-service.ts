import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batchClient, type BatchClient } from '../../scripts/batch-service/client.ts';
import type { BatchEvent } from '../../scripts/batch-service/events.ts';
import type { SystemKind } from '../../scripts/batch-service/job.ts';
import { startBatchService, type BatchService, type Fault } from '../../scripts/batch-service/service.ts';

/** The batch service for tests: in this process, its jobs as real processes, its folder temporary. */
export interface TestBatchService {
  readonly events: readonly BatchEvent[];
  /** Where it is; another address after a restart. */
  readonly url: string;
  client(kind: SystemKind): BatchClient;
  /** How many jobs were accepted under a name. */
  submissions(name: string): Promise<number>;
  /** What goes wrong with the next submit of a name. */
  fault(name: string, fault: Fault): Promise<void>;
  /** Ends the service and starts another on the same jobs, which run on meanwhile. */
  restart(): Promise<void>;
  /** Ends the service and its jobs. */
  close(): Promise<void>;
}

/** Starts it. `findLag` in milliseconds. */
export async function startTestBatchService({ findLag = 0 }: { findLag?: number } = {}): Promise<TestBatchService> {
  const directory = await mkdtemp(join(tmpdir(), 'mooring-batch-service-'));
  const events: BatchEvent[] = [];
  const start = (): Promise<BatchService> => startBatchService({ directory, findLag, emit: (event) => void events.push(event) });
  let service = await start();
  return {
    events,
    get url() {
      return service.url;
    },
    client: (kind) => batchClient(service.url, kind),
    async submissions(name) {
      return ((await (await fetch(`${service.url}/submissions/${name}`)).json()) as { submissions: number }).submissions;
    },
    async fault(name, fault) {
      await (await fetch(`${service.url}/faults/${name}`, { method: 'PUT', body: JSON.stringify(fault) })).arrayBuffer();
    },
    async restart() {
      await service.close();
      service = await start();
    },
    async close() {
      await service.close({ cancelJobs: true });
      await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
