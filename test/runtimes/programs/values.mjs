import { Redis } from 'ioredis';
import { createStateStore } from 'mooring';
import { fileObjectStore } from 'mooring/file';
import { redisMetastore } from 'mooring/redis';
import process from 'node:process';

/** `values.mjs write|read CODEC…`: writes a value by each codec into files, or reads it and says whether it is the same. */

const { REDIS_URL, FOLDER } = process.env;
const TEXT = 'a line of text, and its number: 0123456789\n'.repeat(20_000);

async function main([task, ...codecs]) {
  const client = new Redis(REDIS_URL, { maxRetriesPerRequest: null });
  for (const codec of codecs) {
    const stores = { metastore: redisMetastore({ client }), objectStore: fileObjectStore({ directory: FOLDER }) };
    const store = createStateStore({ ...stores, codec, offloadThreshold: 0 });
    const state = store.asset({ name: codec });
    if (task === 'write') await state.set('text', TEXT);
    else process.stdout.write(`${codec} ${(await state.get('text')) === TEXT}\n`);
    await store.close();
  }
  client.disconnect();
}

void main(process.argv.slice(2));
