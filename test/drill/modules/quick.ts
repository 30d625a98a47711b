import { batchDrill } from './batch.ts';

const { job, isResult: _, ...rest } = batchDrill('keyed', 'keyed');

/** Its jobs are over before anybody asks. */
export default { ...rest, job: { ...job, getStatus: async () => ({ state: 'succeeded' }), getResult: async () => 'done' } };
