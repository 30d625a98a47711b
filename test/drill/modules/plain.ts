import { batchDrill } from './batch.ts';

export default batchDrill('plain', 'plain');
