import { batchDrill } from './batch.ts';

/** Stands for a connection that nobody closes. */
setInterval(() => undefined, 1_000);

export default batchDrill('plain', 'plain');
