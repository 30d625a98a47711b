/** A batch service in a process of its own that cannot outlive us: it hangs on a pipe of ours, and ends when the pipe does. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { exitOf } from '../drill/harness/processes.ts';
import type { BatchEvent } from './batch-service/events.ts';
import type { Fault } from './batch-service/service.ts';

/** Arguments of Node.js with which it reads TypeScript. */
export const TYPESCRIPT: readonly string[] = ['--import', 'tsx'];

/** A batch service in its own process. */
export interface BatchProcess {
  readonly url: string;
  readonly pid: number;
  /** Says what goes wrong with the next submit of a name. */
  fault(name: string, fault: Fault): Promise<void>;
  /** How many jobs were accepted under a name. */
  submissions(name: string): Promise<number>;
  /** How many of them have not ended. */
  running(name: string): Promise<number>;
  /** Ends the service and its jobs. */
  stop(): Promise<void>;
}

/** Starts a batch service that keeps its jobs in `directory`. */
export async function startBatchProcess(options: {
  directory: string;
  findLag?: number;
  onEvent: (event: BatchEvent) => void;
}): Promise<BatchProcess> {
  const file = fileURLToPath(new URL('batch-service/main.ts', import.meta.url));
  const child = spawn(process.execPath, [...TYPESCRIPT, file, options.directory, String(options.findLag ?? 0)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => {});
  const ended = exitOf(child);
  const port = await new Promise<number>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const event = JSON.parse(line) as BatchEvent;
      if (event.event === 'listening') resolve(event.port);
      options.onEvent(event);
    });
    void ended.then((how) => reject(new Error(`the batch service ended: ${how}`)));
  });
  const url = `http://127.0.0.1:${port}`;
  const counts = async (name: string): Promise<{ submissions: number; running: number }> =>
    (await (await fetch(`${url}/submissions/${name}`)).json()) as { submissions: number; running: number };
  return {
    url,
    pid: child.pid as number,
    async fault(name, fault) {
      await (await fetch(`${url}/faults/${name}`, { method: 'PUT', body: JSON.stringify(fault) })).arrayBuffer();
    },
    submissions: async (name) => (await counts(name)).submissions,
    running: async (name) => (await counts(name)).running,
    async stop() {
      child.stdin.destroy();
      await ended;
    },
  };
}
