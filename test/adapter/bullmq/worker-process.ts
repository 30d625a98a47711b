import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { run, type Ended } from '../../../scripts/command.ts';

/** Workers in processes of their own, and the built command beside them. */

const WORKER = fileURLToPath(new URL('processes/worker.mjs', import.meta.url));
const COMMAND = fileURLToPath(new URL('../../../dist/src/cli/mooring.js', import.meta.url));

/** The arguments of Node that run the command. */
export function commandLine(...args: readonly string[]): string[] {
  return [COMMAND, ...args];
}

/** Starts a worker of a queue, on the Redis at this port. */
export function forkWorker(queue: string, port: number, bullmq: '5' | '6' = '6'): ChildProcess {
  return fork(WORKER, [queue, bullmq === '6' ? 'bullmq' : 'bullmq-5'], {
    env: { ...process.env, MOORING_TEST_REDIS_PORT: String(port) },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** The environment of a person who works on the Redis at this port. */
export function commandEnvironment(port: number): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return { PATH, HOME, MOORING_REDIS: `redis://127.0.0.1:${port}` };
}

/** Runs the command to its end. */
export function runMooring(port: number, ...args: readonly string[]): Promise<Ended> {
  return run(process.execPath, commandLine(...args), { env: commandEnvironment(port) });
}
