import { Redis } from 'ioredis';
import { createStateStore, jobRecords } from 'mooring';
import { redisMetastore } from 'mooring/redis';
import { farm } from '../external-systems.ts';

/** What waits for a person: jobs that may or may not have been submitted. */

const client = new Redis();
await using store = createStateStore({ metastore: redisMetastore({ client }) });
const records = jobRecords(store);
for await (const record of records.list({ state: 'ambiguous', olderThan: '5m' })) {
  const id = await farm.search(record.idempotencyKey);
  await (id === undefined ? records.markNotSubmitted(record) : records.adopt(record, id));
}
for await (const orphan of records.orphans()) {
  console.log(orphan.externalId, orphan.since.toISOString());
  await records.forget(orphan);
}
client.disconnect();
