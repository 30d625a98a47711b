/**
 * The batch service as a process: `main.ts <directory> [find lag in milliseconds]`. Tells its events on standard output and ends,
 * with its jobs, when its standard input does: when its parent is gone. Killed itself, it leaves them running.
 */
import { writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { startBatchService } from './service.ts';

const [directory, findLag] = process.argv.slice(2);
if (directory === undefined) throw new Error('usage: main.ts <directory> [find lag]');
const service = await startBatchService({
  directory,
  findLag: Number(findLag ?? 0),
  emit(event) {
    try {
      writeSync(1, `${JSON.stringify(event)}\n`);
    } catch {
      // nobody listens any more
    }
  },
});
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
process.stdin.resume().once('close', () => {
  void service
    .close({ cancelJobs: true })
    .then(() => rm(directory, { recursive: true, force: true, maxRetries: 10 }))
    .finally(() => process.exit());
});
