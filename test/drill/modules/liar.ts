import { batchDrill } from './batch.ts';

/** Says that a repeated key is recognised, of a service that makes a second job of it. */
export default batchDrill('plain', 'keyed');
