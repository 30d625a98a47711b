import type { Order, WorkerMessage } from './messages.ts';
import type { WorkerProcess } from './processes.ts';

/** Worker processes started ahead, so that a cell waits for its death and not for the start of its workers. */

/** A worker process of the harness. */
export type CrashWorker = WorkerProcess<Order, WorkerMessage>;

/** Hands out workers. */
export interface Pool {
  /** A worker that is ready and idle. */
  take(): Promise<CrashWorker>;
  /** A worker that stopped working: ready for another cell. */
  give(worker: CrashWorker): void;
  /** Kills all. Resolves when they have ended. */
  close(): Promise<void>;
}

/**
 * Keeps `ahead` workers alive, and more if all are at work. `start` starts one. The others follow when the first is ready, so that what
 * keeps all from starting is told once.
 */
export function workerPool(start: () => CrashWorker, ahead: number): Pool {
  const all = new Set<CrashWorker>();
  const ready: Promise<CrashWorker>[] = [];
  let closed = false;
  const add = (): void => {
    if (closed) throw new Error('interrupted');
    const worker = start();
    all.add(worker);
    let wasReady = false;
    const started = new Promise<CrashWorker>((resolve, reject) => {
      worker.onMessage((message) => {
        if (message.type !== 'ready') return;
        wasReady = true;
        resolve(worker);
        while (!closed && all.size < ahead) add();
      });
      void worker.ended.then((how) => {
        all.delete(worker);
        reject(new Error(`a worker did not start: ${how}`));
        // One that never began would not begin the next time.
        if (wasReady && !closed && all.size < ahead) add();
      });
    });
    started.catch(() => {});
    ready.push(started);
  };
  add();
  return {
    async take() {
      if (ready.length === 0) add();
      return ready.shift() as Promise<CrashWorker>;
    },
    give(worker) {
      worker.forget();
      ready.unshift(Promise.resolve(worker));
    },
    async close() {
      closed = true;
      for (const worker of all) worker.kill();
      await Promise.all([...all].map((worker) => worker.ended));
    },
  };
}
