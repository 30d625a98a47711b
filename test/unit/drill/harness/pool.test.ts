import { expect, test } from '@jest/globals';
import { workerPool, type CrashWorker } from '../../../../drill/harness/pool.ts';
import type { WorkerMessage } from '../../../../drill/harness/messages.ts';

/** Worker processes that are started ahead. */

interface FakeWorker extends CrashWorker {
  say(message: WorkerMessage): void;
}

function fakeWorkers() {
  const workers: FakeWorker[] = [];
  const start = (): CrashWorker => {
    const listeners = new Set<(message: WorkerMessage) => void>();
    let end = (_how: string): void => undefined;
    const worker: FakeWorker = {
      pid: workers.length + 1,
      tell: () => undefined,
      kill: () => end('SIGKILL'),
      ended: new Promise((resolve) => (end = resolve)),
      onMessage: (listener) => void listeners.add(listener),
      forget: () => listeners.clear(),
      say: (message) => listeners.forEach((listener) => listener(message)),
    };
    workers.push(worker);
    return worker;
  };
  return { workers, start };
}

test('the others start when the first is ready', () => {
  const { workers, start } = fakeWorkers();
  workerPool(start, 3);
  expect(workers).toHaveLength(1);

  workers[0]?.say({ type: 'ready' });

  expect(workers).toHaveLength(3);
});

test('a worker that died is replaced at once', async () => {
  const { workers, start } = fakeWorkers();
  const pool = workerPool(start, 1);
  workers[0]?.say({ type: 'ready' });
  const taken = await pool.take();

  taken.kill();
  await taken.ended;
  await Promise.resolve();

  expect(workers).toHaveLength(2);
});

test('a worker that cannot start is told instead of being started again', async () => {
  const { workers, start } = fakeWorkers();
  const pool = workerPool(start, 1);

  workers[0]?.kill();

  await expect(pool.take()).rejects.toThrow('a worker did not start: SIGKILL');
  expect(workers).toHaveLength(1);
});

test('what is closed has no worker and starts none', async () => {
  const { workers, start } = fakeWorkers();
  const pool = workerPool(start, 2);
  workers[0]?.say({ type: 'ready' });
  await pool.take();

  await pool.close();

  await expect(Promise.all(workers.map((worker) => worker.ended))).resolves.toEqual(['SIGKILL', 'SIGKILL']);
  expect(workers).toHaveLength(2);
});
