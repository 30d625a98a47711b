/**
 * Values that the object store cannot read: AES-256-GCM, with a random nonce for each part, the ID of the key in front of it, and
 * the path as additional authenticated data. So no object can take the place of another. A key is changed by adding a new one:
 * what was written under the old key stays readable until that is taken away.
 *
 * `offloadThreshold: 0` sends every value to the object store, since values in Redis are not encrypted.
 *
 * Run it: `npx tsx examples/06-encryption.ts`, with a Redis at REDIS_URL or on this machine.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { createStateStore, isMooringError, type Encryption, type StateStore } from 'mooring';
import { fileObjectStore } from 'mooring/file';
import { redisMetastore } from 'mooring/redis';

const NONCE = 12; // bytes: 96 bits, drawn anew for each part
const TAG = 16;

/** What is stored: the length of the key's ID, the ID, the nonce, the encrypted bytes, the tag. `keys` are 32 bytes each. */
function aesGcm(keys: Readonly<Record<string, Uint8Array>>, current: string): Encryption {
  const keyOf = (id: string): Uint8Array => {
    const key = Object.hasOwn(keys, id) ? keys[id] : undefined;
    if (!key) throw new Error(`there is no key ${id}`);
    return key;
  };
  return {
    name: 'aes-256-gcm',
    async encrypt(bytes, { path }) {
      const id = Buffer.from(current);
      const head = Buffer.concat([Buffer.from([id.length]), id, randomBytes(NONCE)]);
      const cipher = createCipheriv('aes-256-gcm', keyOf(current), head.subarray(-NONCE), { authTagLength: TAG });
      cipher.setAAD(Buffer.concat([head, Buffer.from(path)]));
      return Buffer.concat([head, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
    },
    async decrypt(bytes, { path }) {
      const headLength = 1 + (bytes[0] ?? 0) + NONCE;
      if (bytes.length < headLength + TAG) throw new Error('too short');
      const head = bytes.subarray(0, headLength);
      const key = keyOf(Buffer.from(head.subarray(1, -NONCE)).toString());
      const decipher = createDecipheriv('aes-256-gcm', key, head.subarray(-NONCE), { authTagLength: TAG });
      decipher.setAAD(Buffer.concat([head, Buffer.from(path)])).setAuthTag(bytes.subarray(-TAG));
      return Buffer.concat([decipher.update(bytes.subarray(headLength, -TAG)), decipher.final()]);
    },
  };
}

const client = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379');
const directory = await mkdtemp(join(tmpdir(), 'mooring-example-'));
const open = (encryption: Encryption): StateStore =>
  createStateStore({
    metastore: redisMetastore({ client }),
    objectStore: fileObjectStore({ directory, alias: 'example-06' }),
    offloadThreshold: 0,
    encryption,
  });
const scope = { flow: 'example-06', run: '2026-11', task: 'payroll' };

// Keys come from wherever you keep secrets; they are not written down anywhere by Mooring.
const keys = { '2025': randomBytes(32), '2026': randomBytes(32) };
const before = open(aesGcm({ '2025': keys['2025'] }, '2025')).task(scope);
await before.set('iban', 'DE02 1203 0000 0000 2020 51');
await before.setStream('payslips', slips());

const files = await readdir(directory, { recursive: true, withFileTypes: true });
const stored = await Promise.all(files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name))));
console.log(`the folder holds the IBAN: ${stored.some((bytes) => bytes.includes('DE02') || bytes.includes('payslip'))}`);

// The new key writes, both read.
const rotated = open(aesGcm(keys, '2026')).task<{ iban: string; name: string; payslips: Uint8Array }>(scope);
await rotated.set('name', 'Ada');
let bytes = 0;
for await (const chunk of (await rotated.getStream('payslips')) ?? []) bytes += (chunk as Uint8Array).length;
console.log(`after the rotation: ${await rotated.get('name')}, ${await rotated.get('iban')}, ${bytes} bytes of payslips`);

// Without the old key, what was written with it cannot be read; written anew, it can.
const without = open(aesGcm({ '2026': keys['2026'] }, '2026')).task<{ iban: string; name: string }>(scope);
await without.get('iban').catch((error: unknown) => {
  if (!isMooringError(error) || !(error.cause instanceof Error)) throw error;
  console.log(`without the old key: ${error.code}, ${error.cause.message}`);
});
await rotated.update('iban', (iban) => iban);
console.log(`written anew: ${await without.get('iban')}`);

await rotated.clear();
await rm(directory, { recursive: true });
client.disconnect();

async function* slips(): AsyncGenerator<Uint8Array> {
  for (let month = 1; month <= 36; month += 1) yield Buffer.alloc(100_000, `payslip ${month}\n`);
}
