/** Worker processes started ahead, so that a cell waits for its death and not for the start of its workers. */
import { startWorkerProcess, type WorkerProcess } from '../children.ts';
import type { Message, Order, Setting } from './messages.ts';

/** A worker process of the crash tests. */
export type CrashWorker = WorkerProcess<Order, Message>;

/** Hands out workers. */
export interface Pool {
  /** A worker that is ready and idle. */
  take(): Promise<CrashWorker>;
  /** A worker that stopped working: ready for another cell. */
  give(worker: CrashWorker): void;
  /** Kills all. */
  close(): void;
}

/** Keeps `ahead` workers ready. */
export function workerPool(file: URL, setting: Setting, ahead: number): Pool {
  const all = new Set<CrashWorker>();
  const ready: Promise<CrashWorker>[] = [];
  let closed = false;
  const add = (): void => {
    if (closed) throw new Error('interrupted');
    const worker = startWorkerProcess<Order, Message>(file, [JSON.stringify(setting)]);
    all.add(worker);
    const started = new Promise<CrashWorker>((resolve, reject) => {
      worker.onMessage((message) => message.type === 'ready' && resolve(worker));
      void worker.ended.then((how) => {
        all.delete(worker);
        reject(new Error(`a worker did not start: ${how}`));
      });
    });
    started.catch(() => {});
    ready.push(started);
  };
  for (let at = 0; at < ahead; at += 1) add();
  return {
    take() {
      if (ready.length <= 1) add();
      return ready.shift() as Promise<CrashWorker>;
    },
    give(worker) {
      worker.forget();
      ready.unshift(Promise.resolve(worker));
    },
    close() {
      closed = true;
      for (const worker of all) worker.kill();
    },
  };
}
