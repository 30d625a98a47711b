import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { Reference } from '../../src/format/entry.ts';
import { CodecUnavailableError, CorruptEntryError } from '../../src/model/errors/store.ts';
import type { StateHandle } from '../../src/state-store/state-handle.ts';
import { noise, objectsOf, openOver, plant, storedMeta, TASK, type PartsFactory } from './state-store-parts.ts';
import { chunked, drained, failureOf, gcm, MIB, mixedBytes, told } from './state-store-stream-parts.ts';

const OTHER_KEY = new Uint8Array(32).fill(9);

/** How a value is written, and how it is read again. */
export const VALUES: [string, (state: StateHandle, key: string, seed: number) => Promise<unknown>][] = [
  ['a value', (state, key, seed) => state.set(key, { text: noise(3_000, seed) })],
  ['bytes', (state, key, seed) => state.set(key, mixedBytes(200_000, seed))],
  ['a stream', (state, key, seed) => state.setStream(key, chunked(mixedBytes(2 * MIB + 9, seed)))],
];

/** Encryption of what is offloaded: bound to its place, and told apart from what cannot be reached. */
export function encryptionContract(factory: PartsFactory): void {
  describe.each(VALUES)('encryption of %s', (name, write) => {
    it('binds each part to its own place', async () => {
      const parts = await factory();
      const seen: string[] = [];
      const state = openOver(parts, { offloadThreshold: 0, codec: 'none', encryption: gcm('gcm', OTHER_KEY, seen) }).task(TASK);
      await write(state, 'k', 1);
      const [object = ''] = await objectsOf(parts.objectStore);

      const stored = Buffer.from((await parts.objectStore.get(object)) as Uint8Array);
      expect(stored.includes('row 1 row 1 row 1')).toBe(false);
      expect(object).toMatch(name === 'a stream' ? /\.bin\.enc\.frames$/ : /\.(?:bin|json)\.enc$/);
      expect(seen).toEqual(name === 'a stream' ? [`${object}/0`, `${object}/1`, `${object}/2`] : [object]);

      const plain = openOver(parts, { encryption: gcm('gcm', OTHER_KEY) }).task(TASK);
      expect(await plain.get('k')).toBeDefined();
      if (name === 'a stream') expect(told(await drained(await plain.getStream('k')))).toBe(told(mixedBytes(2 * MIB + 9)));
    });

    it('refuses it where there is no encryption, another one, or another key', async () => {
      const parts = await factory();
      await write(openOver(parts, { offloadThreshold: 0, encryption: gcm() }).task(TASK), 'k', 1);

      for (const options of [{}, { encryption: gcm('other') }]) {
        const error = await failureOf(openOver(parts, options).task(TASK).get('k'));
        expect(error).toBeInstanceOf(CodecUnavailableError);
        expect(error).toMatchObject({ codec: 'gcm', key: 'k', scope: TASK, retryable: false });
      }

      const error = await failureOf(
        openOver(parts, { encryption: gcm('gcm', OTHER_KEY) })
          .task(TASK)
          .get('k'),
      );
      expect(error).toBeInstanceOf(CorruptEntryError);
      expect(error).toMatchObject({ key: 'k', scope: TASK, retryable: false, cause: expect.anything() });
      expect(String(error)).toContain('cannot be decrypted with gcm');
    });

    it('C40 refuses an object in the place of another, also where the entry was made to fit', async () => {
      const parts = await factory();
      const store = openOver(parts, { offloadThreshold: 0, encryption: gcm() });
      await write(store.task(TASK), 'k', 1);
      await write(store.task(TASK), 'other', 2);
      const { inline: _inline, ...other } = await storedMeta(store, TASK, 'other');
      const body = (await parts.objectStore.get((other.ref as Reference).object)) as Uint8Array;
      const object = (await objectsOf(parts.objectStore)).find((key) => key.includes('/k/')) as string;
      await parts.objectStore.put(object, body, { ifAbsent: false });

      expect(await failureOf(store.task(TASK).get('k'))).toBeInstanceOf(CorruptEntryError);

      await plant(store, 'k', { ...other, ref: { ...(other.ref as Reference), object } });
      const error = await failureOf(store.task(TASK).get('k'));
      expect(error).toBeInstanceOf(CorruptEntryError);
      expect(String(error)).toContain('cannot be decrypted');
    });

    it('C40 refuses an object of which one bit changed, also where the entry was made to fit', async () => {
      const parts = await factory();
      const store = openOver(parts, { offloadThreshold: 0, encryption: gcm() });
      await write(store.task(TASK), 'k', 1);
      const { inline: _inline, ...meta } = await storedMeta(store, TASK, 'k');
      const ref = meta.ref as Reference;
      const body = (await parts.objectStore.get(ref.object)) as Uint8Array;
      const forged = body.with(40, (body[40] as number) ^ 1);
      await parts.objectStore.put(ref.object, forged, { ifAbsent: false });
      await plant(store, 'k', { ...meta, ref: { ...ref, sha256: createHash('sha256').update(forged).digest('hex') } });

      expect(String(await failureOf(store.task(TASK).get('k')))).toContain('cannot be decrypted');
    });
  });
}
