import { describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { all, objectOf } from '../../../contract/object-store.ts';
import { fakeS3, sdkError, type FakeS3 } from '../../../support/fake-s3.ts';
import { until } from '../../../support/until.ts';

const KEY = objectOf('k', '1.bin');
const WHOLE = Buffer.from('abcdefghij');

/** So many bytes of the rest in one chunk, and then an error; all of it without a number. */
type Break = number | undefined;

/** Serves one object by ranges; the n-th answer breaks off as the n-th element says. */
function serving(
  breaks: readonly Break[],
  more: (answer: Record<string, unknown>) => object = (answer) => answer,
): FakeS3 & { closed: number } {
  let answers = 0;
  const state = { closed: 0 };
  const fake = fakeS3(({ input }, signal) => {
    const [, from = '0', to] = /^bytes=(\d+)-(\d*)$/.exec(String(input['Range'])) ?? [];
    const end = Math.min(to ? Number(to) + 1 : WHOLE.length, WHOLE.length);
    const part = WHOLE.subarray(Number(from), end);
    const broken = breaks[answers];
    answers += 1;
    const stream = Readable.from(
      (async function* chunks() {
        yield part.subarray(0, broken ?? part.length);
        if (broken !== undefined) throw new Error('aborted');
      })(),
    );
    stream.once('close', () => void (state.closed += 1));
    signal?.addEventListener('abort', () => stream.destroy());
    return more({
      Body: stream,
      ContentRange: `bytes ${from}-${end - 1}/${WHOLE.length}`,
      ContentLength: part.length,
      ETag: '"tag"',
    });
  });
  return Object.assign(state, fake);
}

const read = async (fake: FakeS3, range: { start?: number; end?: number } = {}): Promise<string> =>
  Buffer.concat(await all((await fake.store.getStream(KEY, range)) as AsyncIterable<Uint8Array>)).toString();

describe('a body that breaks off', () => {
  it('is gone on with from where it was, of the same object', async () => {
    const fake = serving([3, 2, undefined]);

    await expect(read(fake)).resolves.toBe('abcdefghij');

    expect(fake.sent.map(({ input }) => [input['Range'], input['IfMatch']])).toEqual([
      ['bytes=0-', undefined],
      ['bytes=3-9', '"tag"'],
      ['bytes=5-9', '"tag"'],
    ]);
  });

  it('goes on within its range only', async () => {
    const fake = serving([1, undefined]);

    await expect(read(fake, { start: 2, end: 6 })).resolves.toBe('cdef');

    expect(fake.sent.map(({ input }) => input['Range'])).toEqual(['bytes=2-5', 'bytes=3-5']);
  });

  it('is gone on with for get() too', async () => {
    await expect(serving([9, undefined]).store.get(KEY)).resolves.toEqual(WHOLE);
  });

  it('again and again is an error, never a short object', async () => {
    const fake = serving([3, 0, 0, 0, 0]);

    await expect(read(fake)).rejects.toMatchObject({
      code: 'IncompleteBody',
      message: expect.stringContaining('the connection broke after 3 of 10 bytes'),
    });

    expect(fake.sent).toHaveLength(4);
    await expect(serving([3, 0, 0, 0, 0]).store.get(KEY)).rejects.toMatchObject({ code: 'IncompleteBody' });
  });

  it.each([
    [
      Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }),
      /the connection broke \(ECONNRESET\) after 0 of 10 bytes$/,
    ],
    [
      new Error('Checksum mismatch: expected "wQDuKQ==" but received "tBTtAA==" in response header "x-amz-checksum-crc32".'),
      /the connection broke \(checksum mismatch\) after 0 of 10 bytes\. .* responseChecksumValidation: 'WHEN_REQUIRED'$/,
    ],
    [new Error('secret'), /the connection broke after 0 of 10 bytes$/],
  ])('again and again says why: %p', async (reason, words) => {
    const broken = (): Readable => new Readable({ read: () => undefined }).destroy(reason);
    const fake = serving([], (answer) => ({ ...answer, Body: broken() }));

    await expect(read(fake)).rejects.toThrow(words);
  });

  it('without an error is one that broke off as well', async () => {
    const fake = serving([], (answer) => ({ ...answer, Body: Readable.from([]) }));

    await expect(read(fake)).rejects.toMatchObject({ message: expect.stringContaining('the body ended after 0 of 10 bytes') });
  });

  it('is an error where the object is another one by then, or gone', async () => {
    for (const [code, status] of [
      ['PreconditionFailed', 412],
      ['NoSuchKey', 404],
    ] as const) {
      const fake = fakeS3(({ input }) => {
        if (input['IfMatch'] !== undefined) throw sdkError(code, status);
        return { Body: Readable.from([Buffer.from('abc')]), ContentRange: 'bytes 0-9/10', ETag: '"tag"' };
      });

      await expect(read(fake)).rejects.toMatchObject({ code });
    }
  });
});

describe('an answer', () => {
  it.each([
    ['of another range', { ContentRange: 'bytes 1-4/10' }],
    ['of more than was asked for', { ContentRange: 'bytes 0-9/10' }],
    ['of no range that is one', { ContentRange: 'bytes */10' }],
    ['without any length', { ContentRange: undefined, ContentLength: undefined }],
    ['of the whole object where a part was asked for', { ContentRange: undefined }],
  ])('%s is an error', async (_what, answer) => {
    const fake = serving([], (own) => ({ ...own, ContentLength: 10, ...answer }));

    await expect(read(fake, { start: 0, end: 5 })).rejects.toMatchObject({ code: 'WrongRange' });

    expect(fake.sent).toHaveLength(1);
    await until(() => fake.closed === 1);
  });

  it('of the whole object is fine where that was asked for, also without a range', async () => {
    await expect(read(serving([], (own) => ({ ...own, ContentRange: undefined })))).resolves.toBe('abcdefghij');
  });

  it('with more bytes than it announced is an error', async () => {
    const fake = serving([], (own) => ({ ...own, Body: Readable.from([WHOLE]), ContentRange: 'bytes 0-4/10' }));

    await expect(read(fake)).rejects.toMatchObject({ code: 'IncompleteBody' });
  });
});

describe('a body is let go of', () => {
  it('when its reader stops, also before the first byte', async () => {
    const fake = serving([]);
    for await (const chunk of (await fake.store.getStream(KEY, { end: 5 })) as AsyncIterable<Uint8Array>) {
      expect(chunk.length).toBe(5);
      break;
    }
    const unread = (await fake.store.getStream(KEY)) as AsyncIterable<Uint8Array>;
    await until(() => fake.closed === 1);
    await unread[Symbol.asyncIterator]().return?.();

    await until(() => fake.closed === 2);
  });

  it('when its reader stops, also while it waits for a chunk that never comes', async () => {
    let aborted = false;
    const fake = fakeS3((_command, signal) => {
      signal?.addEventListener('abort', () => void (aborted = true));
      return { Body: new Readable({ read: () => undefined }), ContentRange: 'bytes 0-9/10' };
    });
    const chunks = (await fake.store.getStream(KEY)) as AsyncIterableIterator<Uint8Array>;
    const next = chunks.next();

    await expect(chunks.return?.()).resolves.toEqual({ done: true, value: undefined });
    await expect(next).resolves.toEqual({ done: true, value: undefined });
    expect(aborted).toBe(true);
  });

  it('when the signal aborts, even if the body hangs', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const hanging = new Readable({ read: () => undefined });
    const fake = fakeS3(() => ({ Body: hanging, ContentRange: 'bytes 0-9/10' }));
    const chunks = (await fake.store.getStream(KEY, { signal })) as AsyncIterableIterator<Uint8Array>;
    const getting = fake.store.get(KEY, { signal });
    const next = chunks.next();
    controller.abort(new Error('enough'));

    await expect(next).rejects.toThrow('enough');
    await expect(getting).rejects.toThrow('enough');
    await expect(chunks.next()).resolves.toEqual({ done: true, value: undefined });
  });

  it('when it broke, also while nobody reads: then the process goes on', async () => {
    const body = new Readable({ read: () => undefined });
    const fake = fakeS3(({ input }) =>
      input['IfMatch'] === undefined && fake.sent.length === 1
        ? { Body: body, ContentRange: 'bytes 0-9/10' }
        : { Body: Readable.from([WHOLE]), ContentRange: 'bytes 0-9/10' },
    );
    const chunks = (await fake.store.getStream(KEY)) as AsyncIterable<Uint8Array>;
    // An error that nobody listens to ends the process; here, the test runner would hide that.
    expect(body.listenerCount('error')).toBe(1);
    body.destroy(new Error('nobody reads'));
    await until(() => body.destroyed);

    await expect(all(chunks)).resolves.toEqual([WHOLE]);
  });

  it('and leaves no listener on the signal', async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => (add(...args), void (listeners += 1));
    signal.removeEventListener = (...args: Parameters<typeof remove>) => (remove(...args), void (listeners -= 1));
    const fake = serving([3, undefined, undefined, undefined]);

    await fake.store.get(KEY, { signal });
    for await (const chunk of (await fake.store.getStream(KEY, { signal })) as AsyncIterable<Uint8Array>) {
      expect(chunk.length).toBe(10);
      break;
    }
    await fake.store.getStream(KEY, { signal, start: 2, end: 2 });

    // The fake's own stream listens to the signal that it was given, which is not this one.
    expect(listeners).toBe(0);
  });
});
