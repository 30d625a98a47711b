import { batchDrill } from './batch.ts';

export default batchDrill('findable', 'findable');
