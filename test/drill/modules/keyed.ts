import { batchDrill } from './batch.ts';

export default batchDrill('keyed', 'keyed');
