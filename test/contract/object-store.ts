import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import { ConfigError, InvalidKeyError } from '../../src/model/errors/store.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import { until } from '../support/until.ts';

/** A store with nothing in it, and how to take it down. */
export interface OpenedObjectStore {
  store: ObjectStore;
  close(): Promise<void>;
}

/** The key of an object of a task's key. */
export function objectOf(name: string, object = '1.json'): string {
  return `default/films/2026-11-22/transcode/-1/${name}/${object}`;
}

/** All that a stream or a listing yields. */
export async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

/**
 * Asks again where that fails: a server that refuses a put before it has read the body may take the rest of it for the next request of
 * the connection (versitygw; decision 20).
 */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  let answer: { value: T } | undefined;
  await until(async () => {
    answer = await ask().then(
      (value) => ({ value }),
      () => undefined,
    );
    return answer !== undefined;
  });
  return (answer as unknown as { value: T }).value;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

/** What a store's server cannot do, though the store itself is right. */
export interface ObjectStoreLimits {
  /**
   * Whether one of many that make the same object at once wins. Where not, several may be told so, and the object of one of them stays.
   * @defaultValue true
   */
  atomicCreate?: boolean;
  /**
   * How many objects are deleted with one call; more than a page of a listing has.
   * @defaultValue 2,500
   */
  manyObjects?: number;
  /**
   * How many histories are held against a map.
   * @defaultValue 50
   */
  histories?: number;
}

/**
 * Of a server that several clients go to, one after the other: requests take milliseconds of the processor. Still more than a page of a
 * listing, and than one request deletes, which is a thousand; and more histories for all clients together than one alone would see.
 */
export const OF_A_SERVER: ObjectStoreLimits = { manyObjects: 1_200, histories: 20 };

/** What every object store must do. `factory` opens a new one for each test. */
export function objectStoreContract(
  factory: () => Promise<OpenedObjectStore>,
  { atomicCreate = true, manyObjects = 2_500, histories = 50 }: ObjectStoreLimits = {},
): void {
  // Much of this is work of the disk or the processor, which a busy machine does several times as slowly.
  jest.setTimeout(60_000);
  let store: ObjectStore;
  let close: () => Promise<void>;

  beforeEach(async () => {
    ({ store, close } = await factory());
  });
  afterEach(() => close());

  const put = (key: string, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<'created' | 'exists'> =>
    store.put(key, body, { ifAbsent: true });
  const keys = async (prefix = ''): Promise<string[]> => (await all(store.list(prefix))).map(({ key }) => key);
  const read = async (key: string): Promise<string | undefined> => {
    const found = await store.get(key);
    return found && new TextDecoder().decode(found);
  };
  const stream = async (key: string, range: { start?: number; end?: number }): Promise<string> => {
    const chunks = await store.getStream(key, range);
    if (!chunks) throw new Error(`${key} is missing`);
    return Buffer.concat(await all(chunks)).toString();
  };

  describe('an object', () => {
    it.each([
      ['empty', new Uint8Array()],
      ['of every byte', Uint8Array.from({ length: 256 }, (_, index) => index)],
      ['of 3 MiB and a byte', filled(3 * 2 ** 20 + 1, 7)],
    ])('%s comes back as it was put', async (_name, body) => {
      await expect(put(objectOf('k'), body)).resolves.toBe('created');

      const found = await store.get(objectOf('k'));

      expect(found).toBeInstanceOf(Uint8Array);
      expect(Buffer.compare(found as Uint8Array, body)).toBe(0);
    });

    it('is a copy: what the writer and the readers do to their bytes does not reach it', async () => {
      const body = bytes('abc');
      await put(objectOf('k'), body);
      body.fill(0);
      (await store.get(objectOf('k')))?.fill(1);

      await expect(read(objectOf('k'))).resolves.toBe('abc');
    });

    it('that is missing is undefined, and so is one below an object or above one', async () => {
      await put(objectOf('k'), bytes('abc'));
      const missing = [objectOf('k', '2.json'), objectOf('other'), 'default/films/2026-11-22/transcode/-1'];

      for (const key of missing) {
        await expect(store.get(key)).resolves.toBeUndefined();
        await expect(store.getStream(key)).resolves.toBeUndefined();
      }
    });

    it.each([
      [0, ''],
      [2, 'ab'],
      [3, 'abc'],
      [99, 'abc'],
    ])('of which the bytes from %i on are not wanted is read up to there', async (end, expected) => {
      await put(objectOf('k'), bytes('abc'));

      const found = await store.get(objectOf('k'), { end });

      expect(new TextDecoder().decode(found)).toBe(expected);
      await expect(store.get(objectOf('missing'), { end })).resolves.toBeUndefined();
    });

    it('is put in chunks', async () => {
      async function* chunks(): AsyncGenerator<Uint8Array> {
        for (const part of ['a', '', 'bc']) yield Promise.resolve(bytes(part));
      }

      await put(objectOf('k'), chunks());

      await expect(read(objectOf('k'))).resolves.toBe('abc');
    });

    it('is replaced whole where that is asked for', async () => {
      await put(objectOf('k'), bytes('a long one'));

      await expect(store.put(objectOf('k'), bytes('short'), { ifAbsent: false })).resolves.toBe('created');

      await expect(read(objectOf('k'))).resolves.toBe('short');
    });

    it('C42 is seen old or new by readers while it is replaced, never a part of it', async () => {
      const length = 2 ** 20;
      await put(objectOf('k'), filled(length, 0));
      let writing = true;
      const seen: string[] = [];
      const reader = async (): Promise<void> => {
        while (writing) {
          const found = (await store.get(objectOf('k'))) as Uint8Array;
          seen.push(`${found.length} of ${[...new Set(found)].join()}`);
        }
      };
      const readers = [reader(), reader()];
      for (let round = 1; round <= 10; round += 1) {
        await store.put(objectOf('k'), filled(length, round), { ifAbsent: false });
      }
      writing = false;
      await Promise.all(readers);

      expect(seen.filter((what) => !/^1048576 of \d+$/.test(what))).toEqual([]);
    });
  });

  describe('create-only', () => {
    it('leaves the object that is there', async () => {
      await put(objectOf('k'), bytes('first'));

      await expect(put(objectOf('k'), bytes('second'))).resolves.toBe('exists');

      await expect(read(objectOf('k'))).resolves.toBe('first');
    });

    it('has one winner among many', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, async (_, writer) => ({ writer, outcome: await put(objectOf('k'), bytes(`of ${writer}`)) })),
      );

      const winners = outcomes.filter(({ outcome }) => outcome === 'created');
      if (atomicCreate) expect(winners).toHaveLength(1);
      const found = await patiently(() => read(objectOf('k')));
      expect(winners.map(({ writer }) => `of ${writer}`)).toContain(found);
      await expect(patiently(keys)).resolves.toEqual([objectOf('k')]);
    });
  });

  describe('a put that fails', () => {
    it('leaves nothing when the source of the bytes fails', async () => {
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield Promise.resolve(bytes('part'));
        throw new Error('the source broke');
      }

      await expect(put(objectOf('k'), broken())).rejects.toThrow('the source broke');

      await expect(store.get(objectOf('k'))).resolves.toBeUndefined();
      await expect(keys()).resolves.toEqual([]);
    });

    it('leaves nothing when it is aborted while the source hangs, and tells the source to stop', async () => {
      const controller = new AbortController();
      let asked = 0;
      let stopped = false;
      const hanging: AsyncIterable<Uint8Array> = {
        [Symbol.asyncIterator]: () => ({
          next: () => {
            asked += 1;
            return asked === 1 ? Promise.resolve({ value: bytes('part'), done: false }) : new Promise<never>(() => undefined);
          },
          return: () => {
            stopped = true;
            return Promise.resolve({ value: undefined, done: true });
          },
        }),
      };
      const outcome = store.put(objectOf('k'), hanging, { ifAbsent: true, signal: controller.signal });
      const rejected = expect(outcome).rejects.toThrow('enough');
      await until(() => asked === 2);
      controller.abort(new Error('enough'));
      await rejected;

      expect(stopped).toBe(true);
      await expect(keys()).resolves.toEqual([]);
    });
  });

  describe('a stream', () => {
    it('yields the whole object', async () => {
      const body = Uint8Array.from({ length: 200_001 }, (_, index) => index % 251);
      await put(objectOf('k'), body);

      const chunks = await all((await store.getStream(objectOf('k'))) as AsyncIterable<Uint8Array>);

      expect(Buffer.compare(Buffer.concat(chunks), body)).toBe(0);
    });

    it.each([
      [{ start: 2 }, 'cdefghij'],
      [{ end: 2 }, 'ab'],
      [{ start: 2, end: 5 }, 'cde'],
      [{ start: 9, end: 10 }, 'j'],
      [{ start: 3, end: 3 }, ''],
      [{ start: 8, end: 99 }, 'ij'],
      [{ start: 10 }, ''],
      [{ start: 99 }, ''],
    ])('of the range %j yields %j', async (range, expected) => {
      await put(objectOf('k'), bytes('abcdefghij'));

      await expect(stream(objectOf('k'), range)).resolves.toBe(expected);
    });

    it.each([
      [{ start: -1 }, 'start'],
      [{ start: 1.5 }, 'start'],
      [{ start: Number.NaN }, 'start'],
      [{ start: 3, end: 2 }, 'end'],
      [{ end: Number.POSITIVE_INFINITY }, 'end'],
    ])('refuses the range %j by the name of the option', async (range, option) => {
      await put(objectOf('k'), bytes('abc'));

      await expect(store.getStream(objectOf('k'), range)).rejects.toMatchObject({ constructor: ConfigError, option });
    });

    it('that is left early lets the object be deleted', async () => {
      await put(objectOf('k'), filled(300_000, 1));
      for await (const chunk of (await store.getStream(objectOf('k'))) as AsyncIterable<Uint8Array>) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }

      await expect(store.delete([objectOf('k')])).resolves.toEqual([]);

      await expect(keys()).resolves.toEqual([]);
    });
  });

  describe('deleting', () => {
    it('C65 C68 removes what is named and nothing that looks like it; a missing one is no failure', async () => {
      const [kept, gone] = [[objectOf('a'), objectOf('k', '10.json'), objectOf('ka')], [objectOf('k')]];
      for (const key of [...kept, ...gone]) await put(key, bytes(key));

      await expect(store.delete([...gone, objectOf('never')])).resolves.toEqual([]);

      await expect(keys()).resolves.toEqual(kept.toSorted());
    });

    it('C69 takes thousands of keys, and once more the same', async () => {
      const many = Array.from({ length: manyObjects }, (_, index) => objectOf(`k${index % 50}`, `${index}.json`));
      for (let at = 0; at < many.length; at += 40) await Promise.all(many.slice(at, at + 40).map((key) => put(key, bytes('x'))));
      await expect(keys()).resolves.toHaveLength(manyObjects);

      await expect(store.delete(many)).resolves.toEqual([]);
      await expect(store.delete(many)).resolves.toEqual([]);

      await expect(keys()).resolves.toEqual([]);
    });

    it('reports what failed, with its reason, and does the rest', async () => {
      await put(objectOf('k'), bytes('abc'));

      const failed = await store.delete(['../../etc/passwd', objectOf('k')]);

      expect(failed).toEqual([{ key: '../../etc/passwd', error: expect.any(InvalidKeyError) }]);
      await expect(keys()).resolves.toEqual([]);
    });

    it('does not disturb others that put beside it', async () => {
      const rounds = Array.from({ length: 60 }, async (_, index) => {
        const key = objectOf(`k${index % 3}`, `${index}.json`);
        await put(key, bytes(key));
        await expect(read(key)).resolves.toBe(key);
        return store.delete([key]);
      });

      expect((await Promise.all(rounds)).flat()).toEqual([]);
      await expect(keys()).resolves.toEqual([]);
    });
  });

  describe('listing', () => {
    const NAMES = ['a', 'a-b', 'a.b', 'A', 'a~', 'a0', 'ab', 'a%2Fb', 'result=a', 'b', '_'];

    it('is in the order of the bytes, with sizes and times', async () => {
      const before = Date.now() - 2_000;
      for (const name of NAMES) await put(objectOf(name), bytes(name));

      const listed = await all(store.list(''));

      expect(listed.map(({ key }) => key)).toEqual(NAMES.map((name) => objectOf(name)).toSorted());
      expect(listed.map(({ size }) => size)).toEqual(
        NAMES.toSorted((a, b) => (objectOf(a) < objectOf(b) ? -1 : 1)).map((n) => n.length),
      );
      for (const { modifiedAt } of listed) {
        expect(modifiedAt.getTime()).toBeGreaterThan(before);
        expect(modifiedAt.getTime()).toBeLessThan(Date.now() + 2_000);
      }
    });

    it.each([
      'default/',
      'default',
      'def',
      'default/films/2026-11-22/transcode/-1/a',
      'default/films/2026-11-22/transcode/-1/a/',
      'default/films/2026-11-22/transcode/-1/a%',
      objectOf('a', ''),
      objectOf('a'),
      `${objectOf('a')}x`,
      'other/',
      'default/films/2026-11-22/transcode/-1/a/1.json/x',
    ])('of the prefix %s is of the keys that begin with it', async (prefix) => {
      for (const name of NAMES) await put(objectOf(name), bytes(name));

      const expected = NAMES.map((name) => objectOf(name))
        .filter((key) => key.startsWith(prefix))
        .toSorted();

      await expect(keys(prefix)).resolves.toEqual(expected);
    });

    it.each(['../', '/', 'a/../b', 'a//b', './a/', 'a b', 'a\0'])('refuses the prefix %j', async (prefix) => {
      await expect(keys(prefix)).rejects.toThrow(InvalidKeyError);
    });
  });

  it.each(["v0/d/sha256/0a!-_.*'()", 'one', 'v0/ns/a/wt/b/wi/..c/ri/null/d/sha256/0a', Array.from('abcdefghijklmnop').join('/')])(
    'keeps an object of another form under %j, and lists it among no values',
    async (key) => {
      await expect(put(key, bytes('x'))).resolves.toBe('created');
      await expect(put(key, bytes('y'))).resolves.toBe('exists');
      await expect(read(key)).resolves.toBe('x');
      await expect(keys()).resolves.toEqual([]);
      await expect(store.delete([key])).resolves.toEqual([]);
      await expect(store.get(key)).resolves.toBeUndefined();
    },
  );

  it.each([
    '',
    '..',
    '.',
    'v0/..',
    '..%2F/..',
    '~/../*',
    Array.from('abcdefghijklmnopq').join('/'),
    '../../../../etc/passwd',
    'a/b/../d/e',
    'a/b/./d/e',
    '/a/b/c/d/e',
    'a/b/c/d//e',
    'a/b/c/d/e/',
    'a/b/c/d/e\0',
    'a/b/c/d/e f',
    'a/b/c/d/%2f',
    'a/b/c/d/é',
    'a\\b/c/d/e/f',
    `a/b/c/d/${'x'.repeat(900)}`,
  ])('refuses the key %j, which the grammar does not make', async (key) => {
    await expect(put(key, bytes('x'))).rejects.toThrow(InvalidKeyError);
    await expect(store.get(key)).rejects.toThrow(InvalidKeyError);
    await expect(store.getStream(key)).rejects.toThrow(InvalidKeyError);
    await expect(store.delete([key])).resolves.toEqual([{ key, error: expect.any(InvalidKeyError) }]);
    await expect(keys()).resolves.toEqual([]);
  });

  it('does nothing under a signal that has aborted', async () => {
    await put(objectOf('k'), bytes('abc'));
    const signal = AbortSignal.abort(new Error('too late'));

    await expect(store.put(objectOf('new'), bytes('x'), { ifAbsent: true, signal })).rejects.toThrow('too late');
    await expect(store.get(objectOf('k'), { signal })).rejects.toThrow('too late');
    await expect(store.getStream(objectOf('k'), { signal })).rejects.toThrow('too late');
    await expect(store.delete([objectOf('k')], { signal })).rejects.toThrow('too late');
    await expect(all(store.list('', { signal }))).rejects.toThrow('too late');

    await expect(keys()).resolves.toEqual([objectOf('k')]);
  });

  it('stops a stream and a listing when the signal aborts', async () => {
    for (const name of ['a', 'b']) await put(objectOf(name), filled(300_000, 1));
    const controller = new AbortController();
    const { signal } = controller;
    const chunks = ((await store.getStream(objectOf('a'), { signal })) as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    const listing = store.list('', { signal })[Symbol.asyncIterator]();
    await listing.next();
    controller.abort(new Error('enough'));

    await expect(chunks.next()).rejects.toThrow('enough');
    await expect(listing.next()).rejects.toThrow('enough');
  });

  it('behaves as a map does', async () => {
    const key = fc.constantFrom(...['a', 'a.b', 'A', 'b'].flatMap((name) => [objectOf(name), objectOf(name, '2')]));
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), key, body: fc.uint8Array({ maxLength: 8 }), ifAbsent: fc.boolean() }),
      fc.record({ kind: fc.constant('delete' as const), keys: fc.array(key, { maxLength: 3 }) }),
    );
    const property = fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      await store.delete(await keys());
      const model = new Map<string, Uint8Array>();
      for (const one of steps) {
        if (one.kind === 'delete') {
          await store.delete(one.keys);
          for (const gone of one.keys) model.delete(gone);
        } else {
          const taken = one.ifAbsent && model.has(one.key);
          expect(await store.put(one.key, one.body, one)).toBe(taken ? 'exists' : 'created');
          if (!taken) model.set(one.key, one.body);
        }
      }
      expect(await keys()).toEqual([...model.keys()].sort());
      for (const [name, body] of model) expect(Buffer.compare((await store.get(name)) as Uint8Array, body)).toBe(0);
    });

    await fc.assert(property, { numRuns: histories });
  });
}
