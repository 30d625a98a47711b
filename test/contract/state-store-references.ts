import { unfencedAccess } from '../../src/state-store/handle/deps.ts';
import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { internalsOf } from '../../src/state-store/internals.ts';
import {
  CodecUnavailableError,
  CorruptEntryError,
  MissingObjectError,
  StaleAttemptError,
  StoreUnavailableError,
  UnknownLocationError,
} from '../../src/model/errors/store.ts';
import type { Codec, Encryption } from '../../src/codec/codec.ts';
import type { EntryMeta } from '../../src/format/entry.ts';
import { createWriter, drawNonce, orderedFence } from '../../src/format/write-id.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import { systemRandom } from '../../src/async/random.ts';
import { createStateHandle } from '../../src/state-store/handle/handle.ts';
import type { StateHandle } from '../../src/state-store/state-handle.ts';
import { fakeClock } from '../../src/testing/fake-clock.ts';
import { interceptValues } from '../support/intercept.ts';
import { noise, objectsOf, openOver, openWithEvents, plant, storedMeta, TASK, type PartsFactory } from './state-store-parts.ts';

/** What an object store returns when its content is tampered with. */
function tampered(inner: ObjectStore, tamper: (body: Uint8Array) => Uint8Array | undefined): ObjectStore {
  return interceptValues(inner, async ({ method }, proceed) => {
    const reply = await (proceed() as Promise<Uint8Array>);
    return method === 'get' ? tamper(reply) : reply;
  });
}

const shift: Codec = {
  name: 'shift',
  encode: (bytes) => Promise.resolve(bytes.slice(0, bytes.length / 2).map((byte) => byte ^ 1)),
  decode: (bytes) => Promise.resolve(Uint8Array.from([...bytes, ...bytes], (byte) => byte ^ 1)),
};

function xor(name: string, seen: string[] = []): Encryption {
  const turn = (bytes: Uint8Array, { path }: { path: string }): Promise<Uint8Array> => {
    seen.push(path);
    const mask = createHash('sha256').update(path).digest();
    return Promise.resolve(bytes.map((byte, index) => byte ^ (mask[index % 32] as number)));
  };
  return { name, encrypt: turn, decrypt: turn };
}

/** References: cases 35-41, 47-49, invariants I6, I7 and I10. */
export function referencesContract(factory: PartsFactory): void {
  describe('references', () => {
    it('C35 C47 C49 I10 reads old values after threshold, codec and namespace-wide settings changed', async () => {
      const parts = await factory();
      const value = { text: 'abc'.repeat(1_000) };
      const writers = [
        { offloadThreshold: 1_000_000 },
        { offloadThreshold: 0, codec: 'none' as const },
        { offloadThreshold: 0, codec: 'gzip' as const },
        { offloadThreshold: 0, codec: 'snappy' as const },
      ];
      for (const [index, options] of writers.entries()) await openOver(parts, options).task(TASK).set(`k${index}`, value);
      await openOver(parts, { offloadThreshold: 0, codec: shift }).task(TASK).set('own', new Uint8Array(4_000).fill(3));

      for (const options of writers) {
        const state = openOver(parts, { ...options, maxValueBytes: 10 }).task(TASK);
        for (const index of writers.keys()) expect(await state.get(`k${index}`)).toEqual(value);
      }

      const error: unknown = await openOver(parts)
        .task(TASK)
        .get('own')
        .catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(CodecUnavailableError);
      expect(error).toMatchObject({ codec: 'shift', key: 'own', scope: TASK });
      expect(
        await openOver(parts, { codecs: [shift] })
          .task(TASK)
          .get('own'),
      ).toEqual(new Uint8Array(4_000).fill(3));
    });

    it('C37 C38 I10 reads from the former object stores that it is given', async () => {
      const parts = await factory();

      await openOver(parts, { offloadThreshold: 0 }).task(TASK).set('k', 'old place');
      const moved = { objectStore: parts.otherObjectStore, offloadThreshold: 0 };
      const state = openOver(parts, { ...moved, formerObjectStores: [parts.objectStore] }).task(TASK);

      expect(await state.get('k')).toBe('old place');

      const { objectStore: _none, ...without } = parts;

      for (const store of [openOver(parts, moved), openOver(without as typeof parts)]) {
        const error: unknown = await store
          .task(TASK)
          .get('k')
          .catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(UnknownLocationError);
        expect(error).toMatchObject({ alias: parts.objectStore.alias, key: 'k', scope: TASK });
      }

      const inlineOnly = openOver(without as typeof parts, { formerObjectStores: [parts.objectStore] });
      expect(await inlineOnly.task(TASK).get('k')).toBe('old place');

      await state.set('k', 'new place');
      expect(await state.get('k')).toBe('new place');
      expect(await objectsOf(parts.otherObjectStore)).toHaveLength(1);
    });

    it('C39 I7 says MissingObjectError, with an event, where the object of an unchanged entry is missing', async () => {
      const parts = await factory();
      const store = openWithEvents(parts, { offloadThreshold: 0 });
      await store.task(TASK).set('k', 1);
      const [object] = await objectsOf(parts.objectStore);
      await parts.objectStore.delete([object as string]);

      const error: unknown = await store
        .task(TASK)
        .get('k')
        .catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(MissingObjectError);
      expect(error).toMatchObject({ key: 'k', scope: TASK, store: parts.objectStore.alias });
      expect((error as Error).message).toContain(object);
      expect(store.events.at(-1)).toEqual({ type: 'missing-object', scope: TASK, key: 'k' });
      await expect(store.task(TASK).getMany(['k'])).rejects.toThrow(MissingObjectError);
      await expect(store.task(TASK).getOrSet('k', () => Promise.resolve(2))).rejects.toThrow(MissingObjectError);

      await store.task(TASK).set('k', 2);
      expect(await store.task(TASK).get('k')).toBe(2);
    });

    it('I7 † reads the entry again as long as it changes', async () => {
      const parts = await factory();
      const writer = openOver(parts, { offloadThreshold: 0 }).task(TASK);

      await writer.set('k', 'v0');
      let overwrites = 0;
      const swept = interceptValues(parts.objectStore, async ({ method, args }, proceed) => {
        if (method !== 'get' || overwrites === 5) return proceed();
        overwrites += 1;
        await writer.set('k', `v${overwrites}`);
        await parts.objectStore.delete([args[0] as string]);
        return proceed();
      });

      expect(await openOver(parts, { objectStore: swept, offloadThreshold: 0 }).task(TASK).get('k')).toBe('v5');
      expect(overwrites).toBe(5);
    });

    it('† two runs with one fence, one sequence and one instant never use one object name', async () => {
      const parts = await factory();
      const names: unknown[] = [];
      const objectStore = interceptValues(parts.objectStore, ({ method, args }, proceed) => {
        if (method === 'put') names.push(args[0]);
        return proceed();
      });
      const store = openOver(parts, { objectStore, offloadThreshold: 0, clock: fakeClock() });
      const run = (): StateHandle => {
        const writer = createWriter(orderedFence([1, 0]), drawNonce('attempt', systemRandom));
        const access = { ...unfencedAccess(systemRandom), fenced: true, by: TASK, writer: () => Promise.resolve(writer) };
        return createStateHandle(internalsOf(store), TASK, access);
      };
      await run().set('k', 'the same');

      await expect(run().set('k', 'the same')).rejects.toThrow(StaleAttemptError);
      expect(new Set(names).size).toBe(2);
      // The run that was refused deletes its own object: under one name that would be the other's.
      expect(await store.task(TASK).get('k')).toBe('the same');
    });

    it('I7 gives up, retryably, on a value that is replaced and removed under every read', async () => {
      const parts = await factory();
      const writer = openOver(parts, { offloadThreshold: 0 }).task(TASK);
      await writer.set('k', 'v');
      let gets = 0;
      const swept = interceptValues(parts.objectStore, async ({ method, args }, proceed) => {
        if (method !== 'get') return proceed();
        gets += 1;
        await writer.set('k', 'v');
        await parts.objectStore.delete([args[0] as string]);
        return proceed();
      });
      const reading = openOver(parts, { objectStore: swept, offloadThreshold: 0 }).task(TASK).get('k');

      await expect(reading).rejects.toThrow(StoreUnavailableError);
      expect(gets).toBe(6);
    });

    it('I7 has no value where the entry was deleted while its object was fetched', async () => {
      const parts = await factory();
      const writer = openOver(parts, { offloadThreshold: 0 }).task(TASK);

      await writer.set('k', 'v');
      const swept = interceptValues(parts.objectStore, async ({ method, args }, proceed) => {
        if (method !== 'get') return proceed();
        await writer.delete('k');
        await parts.objectStore.delete([args[0] as string]);
        return proceed();
      });

      expect(await openOver(parts, { objectStore: swept }).task(TASK).get('k')).toBeUndefined();
    });

    it.each<[string, (body: Uint8Array) => Uint8Array]>([
      ['truncated', (body) => body.slice(0, -1)],
      ['longer', (body) => Uint8Array.from([...body, 0])],
      ['empty', () => new Uint8Array()],
      ['changed in one bit', (body) => body.with(20, (body[20] as number) ^ 1)],
      ['swapped for one of the same length', (body) => new Uint8Array(body.length)],
    ])('C40 I6 refuses an object that is %s, before it is decoded', async (name, tamper) => {
      const parts = await factory();
      let decoded = 0;
      const codec: Codec = {
        name: 'counting',
        encode: (bytes) => Promise.resolve(bytes.slice(0, 100)),
        decode: (bytes) => {
          decoded += 1;
          return Promise.resolve(bytes);
        },
      };
      await openOver(parts, { offloadThreshold: 0, codec }).task(TASK).set('k', 'abc'.repeat(5_000));
      const objectStore = tampered(parts.objectStore, tamper);

      const error: unknown = await openOver(parts, { objectStore, codec })
        .task(TASK)
        .get('k')
        .catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(CorruptEntryError);
      expect(error).toMatchObject({ key: 'k', scope: TASK, store: parts.objectStore.alias });

      const sameLength = name.includes('bit') || name.includes('same length');
      expect(String(error)).toMatch(
        sameLength
          ? /does not hold the bytes that were written/
          : /has \d+ bytes, its entry says \d+|has more than the \d+ bytes that its entry says/,
      );
      expect(decoded).toBe(0);
    });

    it('I6 holds a value to its recorded size', async () => {
      const parts = await factory();
      const seen: number[] = [];
      const bomb: Codec = {
        name: 'bomb',
        encode: () => Promise.resolve(new Uint8Array(10)),
        decode: (_bytes, { maxBytes }) => {
          seen.push(maxBytes);
          return Promise.resolve(new Uint8Array(maxBytes + 1));
        },
      };
      const state = openOver(parts, { offloadThreshold: 0, codec: bomb }).task(TASK);
      await state.set('k', new Uint8Array(4_000));

      await expect(state.get('k')).rejects.toThrow(CorruptEntryError);
      expect(seen).toEqual([4_000]);
    });

    it('I6 says that an object cannot be decoded, not what the decoder says alone', async () => {
      const parts = await factory();
      const store = openOver(parts, { offloadThreshold: 0, codec: 'none' });
      await store.task(TASK).set('k', noise(2_000));
      const { inline: _inline, ...meta } = await storedMeta(store, TASK, 'k');
      await plant(store, 'k', { ...meta, ref: { ...(meta.ref as NonNullable<EntryMeta['ref']>), codec: 'gzip' } });

      const error: unknown = await store
        .task(TASK)
        .get('k')
        .catch((caught: unknown) => caught);

      expect(error).toBeInstanceOf(CorruptEntryError);
      expect(String(error)).toContain(`the object ${meta.ref?.object} cannot be decoded as gzip`);
    });

    it.each([
      ['climbs out of the store', (ref: string) => ref.replace(/[^/]+$/, '../../../../../../etc/passwd')],
      ['is absolute', () => '/etc/passwd/a/b/c'],
      ['is a URL', () => 'file:///etc/passwd'],
      ['is of another key', (ref: string) => ref.replace('/k/', '/other/')],
      ['is of another task', (ref: string) => ref.replace('/transcode/', '/transcode2/')],
      ['is of another namespace', (ref: string) => ref.replace(/^[^/]+/, 'elsewhere')],
      ['hides a dot segment', (ref: string) => ref.replace('/-1/', '/%2E%2E/')],
    ])('C41 I6 does not follow a reference that %s', async (_name, poison) => {
      const parts = await factory();
      const asked: unknown[] = [];
      const objectStore = interceptValues(parts.objectStore, ({ method, args }, proceed) => {
        if (method === 'get') asked.push(args[0]);
        return proceed();
      });
      const store = openOver(parts, { objectStore, offloadThreshold: 0 });
      await store.task(TASK).set('k', 'mine');
      await store.task(TASK).set('other', 'theirs');
      const { inline: _inline, ...meta } = await storedMeta(store, TASK, 'k');
      const ref = meta.ref as NonNullable<EntryMeta['ref']>;
      await plant(store, 'k', { ...meta, ref: { ...ref, object: poison(ref.object) } });

      await expect(store.task(TASK).get('k')).rejects.toThrow(CorruptEntryError);
      expect(asked).toEqual([]);
    });

    it('I6 refuses an inline value of another length than its entry says', async () => {
      const store = openOver(await factory());
      await plant(store, 'k', { type: 'json', size: 5 }, new TextEncoder().encode('1'));

      await expect(store.task(TASK).get('k')).rejects.toThrow(CorruptEntryError);
    });

    it('needs the same encryption to read what it encrypted', async () => {
      const parts = await factory();
      const paths: string[] = [];
      const store = openOver(parts, { offloadThreshold: 0, codec: 'none', encryption: xor('xor-1', paths) });
      await store.task(TASK).set('k', 'secret text');

      const [object] = await objectsOf(parts.objectStore);

      expect(Buffer.from((await parts.objectStore.get(object as string)) as Uint8Array).toString()).not.toContain('secret');
      expect(await store.task(TASK).get('k')).toBe('secret text');
      expect(paths).toEqual([object, object]);
      for (const options of [{}, { encryption: xor('xor-2') }]) {
        await expect(openOver(parts, options).task(TASK).get('k')).rejects.toThrow(CodecUnavailableError);
      }
    });
  });
}
