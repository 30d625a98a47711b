/** The Redis family: the contract of the metastore, faults, a Cluster, and jobs, on each server. */
import { EDITIONS, provideEdition, type Edition } from '../redis/editions.ts';
import type { Row } from './row.ts';
import { runTests } from './tests.ts';

const TESTS = ['redis-', 'job-redis', 'state-store-redis', 'maintenance-redis'].map((name) => `test/integration/${name}`);

/** A row for each server. */
export const redisRows: readonly Row[] = (Object.keys(EDITIONS) as Edition[]).map((name) => ({
  name,
  async run() {
    const { folder, version } = await provideEdition(name);
    return { version, ...(await runTests(TESTS, [folder])) };
  },
}));
