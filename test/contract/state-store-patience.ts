import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { Codec, Encryption } from '../../src/codec/codec.ts';
import { StoreUnavailableError } from '../../src/model/errors/store.ts';
import { VALUES } from './state-store-encryption.ts';
import { noise, openOver, personHandle, TASK, type PartsFactory } from './state-store-parts.ts';
import { chunked, failureOf, gcm, MIB, mixedBytes } from './state-store-stream-parts.ts';

const never = (): Promise<never> => new Promise(() => undefined);

/** How long is waited for what a user plugs in: codecs, keys and sources. */
export function patienceContract(factory: PartsFactory): void {
  describe('deadlines and signals', () => {
    it.each(['encode', 'decode'] as const)('ends within its deadline where a codec hangs in %s', async (hangs) => {
      const parts = await factory();
      const signals: (AbortSignal | undefined)[] = [];
      const hang = (signal: AbortSignal | undefined): Promise<never> => {
        signals.push(signal);
        return never();
      };
      const codec: Codec = {
        name: 'half',
        encode: (bytes, { signal }) => (hangs === 'encode' ? hang(signal) : Promise.resolve(bytes.slice(0, 100))),
        decode: (_bytes, { signal }) => hang(signal),
      };
      const state = openOver(parts, { codec, offloadThreshold: 0, commandTimeout: 300 }).task(TASK);
      const written = state.set('k', noise(2_000, 1));
      if (hangs === 'decode') await written;

      const late: unknown = await (hangs === 'encode' ? written : state.get('k')).catch((caught: unknown) => caught);

      expect(late).toBeInstanceOf(StoreUnavailableError);
      expect(late).toMatchObject({ key: 'k', retryable: true, message: expect.stringMatching(/coding with half took longer/) });
      expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
    });

    it('lets no more than three codecs work on many bytes at once', async () => {
      const parts = await factory();
      let running = 0;
      let most = 0;
      const busy = async (bytes: Uint8Array): Promise<Uint8Array> => {
        running += 1;
        most = Math.max(most, running);
        await pause(300);
        running -= 1;
        return bytes;
      };
      const codec: Codec = {
        name: 'busy',
        encode: async (bytes) => (await busy(bytes)).subarray(0, bytes.length / 2),
        decode: async (bytes) => busy(Buffer.concat([bytes, bytes])),
      };
      // Eight in three rounds take longer than this.
      const store = openOver(parts, { codec, offloadThreshold: 0, commandTimeout: 850 });
      await store.task(TASK).set('first', 1);
      const keys = Array.from({ length: 8 }, (_, index) => `k${index}`);
      const bytes = new Uint8Array(200_000);

      await Promise.all(keys.map((key) => personHandle(store, TASK).set(key, bytes)));
      expect(most).toBe(3);

      most = 0;
      await Promise.all(keys.map((key) => personHandle(store, TASK).get(key)));
      expect(most).toBe(3);

      most = 0;
      await Promise.all(keys.map((key) => personHandle(store, TASK).set(key, bytes.subarray(0, 2_000))));
      expect(most).toBeGreaterThan(3);
    });
  });

  describe.each(VALUES)('encryption of %s', (_name, write) => {
    it('is retryable where the key could not be asked for, or not in time', async () => {
      const parts = await factory();
      await write(openOver(parts, { offloadThreshold: 0, encryption: gcm() }).task(TASK), 'k', 1);
      const outage = Object.assign(new Error('the key server is down'), { retryable: true });
      const decrypts: [Encryption['decrypt'], RegExp][] = [
        [() => Promise.reject(outage), /decrypting with gcm failed/],
        [() => new Promise(() => undefined), /decrypting with gcm took longer/],
      ];

      for (const [decrypt, message] of decrypts) {
        const encryption = { ...gcm(), decrypt };
        const error = await failureOf(openOver(parts, { encryption, commandTimeout: 400 }).task(TASK).get('k'));
        expect(error).toBeInstanceOf(StoreUnavailableError);
        expect(error).toMatchObject({ key: 'k', scope: TASK, retryable: true, message: expect.stringMatching(message) });
      }
    });
  });

  describe('a stream that is written', () => {
    it('waits for a source that is slower than any deadline', async () => {
      const parts = await factory();
      const state = openOver(parts, { codec: 'none', commandTimeout: 300 }).task(TASK);
      async function* slow(): AsyncGenerator<Uint8Array> {
        yield* chunked(mixedBytes(2 * MIB));
        await pause(1_700);
        yield* chunked(mixedBytes(2 * MIB));
      }

      await state.setStream('k', slow());

      expect(((await openOver(parts).task(TASK).get('k')) as Uint8Array).length).toBe(4 * MIB);
    });
  });
}
