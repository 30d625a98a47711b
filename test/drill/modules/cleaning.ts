import { batchDrill } from './batch.ts';

const drill = batchDrill('keyed', 'keyed');

/** Says on standard error which runs were cleaned up. */
export default {
  ...drill,
  async cleanUp({ name }: { name: string }) {
    process.stderr.write(`cleaned up ${name}\n`);
  },
};
