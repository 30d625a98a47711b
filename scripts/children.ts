/** Child processes that cannot outlive us: each hangs on a pipe of ours, and ends when the pipe does. */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { BatchEvent } from './batch-service/events.ts';
import type { Fault } from './batch-service/service.ts';

const TYPESCRIPT = ['--import', 'tsx'];

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
  const ended = exit(child);
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

/** A worker process that talks to us. */
export interface WorkerProcess<Order, Message> {
  readonly pid: number;
  /** Sends one order. */
  tell(order: Order): void;
  /** Kills it with SIGKILL. */
  kill(): void;
  /** How it ended: a signal's name or an exit code. */
  readonly ended: Promise<string>;
  /** Called for every message. */
  onMessage(listener: (message: Message) => void): void;
  /** Nobody is called any more. */
  forget(): void;
}

/** Starts a worker process. Its own output goes to our standard error. */
export function startWorkerProcess<Order extends object, Message>(
  file: URL,
  args: readonly string[] = [],
): WorkerProcess<Order, Message> {
  const child = fork(fileURLToPath(file), args, { execArgv: TYPESCRIPT, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const listeners = new Set<(message: Message) => void>();
  child.on('message', (message) => listeners.forEach((listener) => listener(message as Message)));
  return {
    pid: child.pid as number,
    tell: (order) => child.connected && child.send(order),
    kill: () => child.kill('SIGKILL'),
    ended: exit(child),
    onMessage: (listener) => void listeners.add(listener),
    forget: () => listeners.clear(),
  };
}

/** In a worker process: ends it with the one that started it, and gives the way to send a message. */
export function hangOnParent<Message extends object>(): (message: Message) => void {
  process.on('disconnect', () => process.exit());
  if (!process.connected) process.exit();
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  return (message) => process.connected && process.send?.(message);
}

function exit(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? String(code)));
    child.once('error', (error) => resolve(error.message));
  });
}
