import { batchDrill } from './batch.ts';

const { count: _, ...rest } = batchDrill('keyed', 'keyed');

export default rest;
