import { describe, expect, it } from '@jest/globals';
import { StoreUnavailableError } from '../../src/model/errors/store.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import { interceptValues } from '../support/intercept.ts';
import { until } from '../support/until.ts';
import { openOver, TASK, type PartsFactory } from './state-store-parts.ts';
import { chunked, drained, failureOf, MIB, mixedBytes, READS, told } from './state-store-stream-parts.ts';

/** Streams that are fetched in parts, ahead of their reader: how far, and what becomes of the parts when reading ends or one fails. */
export function streamAheadContract(factory: PartsFactory): void {
  describe.each(READS)('reading a stream with %s', (_name, read) => {
    it('wraps a failure of the object store in the middle of a part', async () => {
      const parts = await factory();
      await openOver(parts, { codec: 'none' })
        .task(TASK)
        .setStream('k', chunked(mixedBytes(34 * MIB), MIB));
      const cause = new Error('ECONNRESET');
      const broken = (part: number, then: (signal: AbortSignal) => Promise<never>): ObjectStore =>
        interceptValues(parts.objectStore, async ({ method, args }, proceed) => {
          const chunks = (await proceed()) as AsyncIterable<Uint8Array>;
          const { start, signal } = (args[1] ?? {}) as { start: number; signal: AbortSignal };
          if (method !== 'getStream' || start !== part * 8 * MIB) return chunks;
          return (async function* () {
            for await (const chunk of chunks) {
              yield chunk;
              await then(signal);
            }
          })();
        });
      const hang = (signal: AbortSignal): Promise<never> =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

      for (const part of [0, 2, 4]) {
        const store = openOver(parts, { objectStore: broken(part, () => Promise.reject(cause)) });

        const error = await failureOf(read(store));
        expect(error).toBeInstanceOf(StoreUnavailableError);
        expect(error).toMatchObject({ cause, key: 'k', scope: TASK, store: parts.objectStore.alias, retryable: true });

        const hanging = { objectStore: broken(part, hang), commandTimeout: 300 };
        await expect(read(openOver(parts, hanging))).rejects.toThrow(/took longer than 300 ms/);
      }
    });
  });

  describe('a stream that is read', () => {
    it('fetches ahead no more than four parts, however long the reader waits', async () => {
      const parts = await factory();
      await openOver(parts, { codec: 'none' })
        .task(TASK)
        .setStream('k', chunked(mixedBytes(50 * MIB), MIB));
      let asked = 0;
      let fetched = 0;
      const objectStore = interceptValues(parts.objectStore, async ({ method }, proceed) => {
        if (method !== 'getStream') return proceed();
        asked += 1;
        const chunks = (await proceed()) as AsyncIterable<Uint8Array>;
        return (async function* () {
          yield* chunks;
          fetched += 1;
        })();
      });

      const stream = await openOver(parts, { objectStore }).task(TASK).getStream('k');
      expect(asked).toBe(1);

      await new Promise((resolve) => stream?.once('readable', resolve));
      await until(() => fetched === asked);
      expect(asked).toBeLessThanOrEqual(6);
      expect(told(await drained(stream))).toBe(told(mixedBytes(50 * MIB)));
      expect(asked).toBe(14);
    });

    it.each(['destroys it', 'breaks its loop', 'aborts its signal'])('ends its requests when the reader %s', async (how) => {
      const parts = await factory();
      await openOver(parts, { codec: 'none' })
        .task(TASK)
        .setStream('k', chunked(mixedBytes(50 * MIB), MIB));
      const signals: AbortSignal[] = [];
      const objectStore = interceptValues(parts.objectStore, async ({ method, args }, proceed) => {
        if (method !== 'getStream') return proceed();
        const { start, signal } = args[1] as { start: number; signal: AbortSignal };
        if (start <= 8 * MIB) return proceed();
        signals.push(signal);
        return (async function* () {
          yield new Uint8Array(1);
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
        })();
      });
      const controller = new AbortController();
      const store = openOver(parts, { objectStore });
      const stream = await store.task(TASK).getStream('k', { signal: controller.signal });
      if (!stream) throw new Error('there is no stream');
      const reading = (async () => {
        for await (const _ of stream) {
          if (how === 'breaks its loop') break;
        }
      })();

      if (how !== 'breaks its loop') {
        await until(() => signals.length === 4);
        if (how === 'destroys it') stream.destroy();
        else controller.abort(new Error('enough'));
        await expect(reading).rejects.toThrow(how === 'destroys it' ? 'Premature close' : 'enough');
      } else await reading;

      expect(stream.destroyed).toBe(true);

      await until(() => signals.every(({ aborted }) => aborted));
      expect(signals.length).toBeLessThanOrEqual(4);

      await store.close();
    });

    it('says, retryably, that its object was deleted before all of it was read', async () => {
      const parts = await factory();
      await openOver(parts, { codec: 'none' })
        .task(TASK)
        .setStream('k', chunked(mixedBytes(34 * MIB), MIB));
      const gone = interceptValues(parts.objectStore, ({ method, args }, proceed) =>
        method === 'getStream' && (args[1] as { start: number }).start > 0 ? undefined : proceed(),
      );

      const error = await failureOf(openOver(parts, { objectStore: gone }).task(TASK).getStream('k').then(drained));

      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect(error).toMatchObject({ key: 'k', retryable: true, message: expect.stringContaining('deleted while it was read') });
    });
  });
}
