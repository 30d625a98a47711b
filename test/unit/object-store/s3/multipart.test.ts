import { describe, expect, it } from '@jest/globals';
import type { Timer } from '../../../../src/async/deadline.ts';
import { piecesOf, type Piece } from '../../../../src/async/rechunk.ts';
import { ConfigError } from '../../../../src/model/errors/store.ts';
import { uploadParts } from '../../../../src/object-store/s3/multipart.ts';
import { all, objectOf } from '../../../contract/object-store.ts';
import { fakeS3, sdkError, type FakeS3, type S3Behaviour } from '../../../support/fake-s3.ts';
import { until } from '../../../support/until.ts';

const NAME = '000000000000000000000007-0000000001-a23456789abcdefg-1795363995114.bin';
const KEY = objectOf('k', NAME);
const MEBIBYTE = 2 ** 20;
const CREATE = { ifAbsent: true };
const body = (parts: number): Uint8Array => new Uint8Array((parts - 1) * 5 * MEBIBYTE + 1);

/** Answers as S3 does, unless a test says otherwise. */
function uploads(say: S3Behaviour = () => undefined, more: Parameters<typeof fakeS3>[1] = {}): FakeS3 {
  return fakeS3(
    async (request, signal) => {
      const said = await say(request, signal);
      if (said !== undefined) return said;
      const { operation, input } = request;
      if (operation === 'CreateMultipartUpload') return { UploadId: 'u' };
      if (operation === 'HeadObject') throw sdkError('NotFound', 404);
      return operation === 'UploadPart' ? { ETag: `"${String(input['PartNumber'])}"`, ChecksumCRC32: 'crc' } : {};
    },
    { partSize: 5 * MEBIBYTE, ...more },
  );
}

const operations = ({ sent }: FakeS3): string[] => sent.map(({ operation }) => operation);

describe('an upload in parts', () => {
  it('completes only with all its parts, in their order', async () => {
    const waiting: (() => void)[] = [];
    const fake = uploads(async ({ operation, input }) => {
      if (operation !== 'UploadPart' || input['PartNumber'] !== 1) return undefined;
      await new Promise<void>((go) => waiting.push(go));
      return undefined;
    });
    const put = fake.store.put(KEY, body(3), CREATE);
    await until(() => fake.sent.length === 4);
    expect(operations(fake)).toEqual(['CreateMultipartUpload', 'UploadPart', 'UploadPart', 'UploadPart']);
    waiting[0]?.();

    await expect(put).resolves.toBe('created');

    expect(fake.sent.at(-1)).toMatchObject({
      operation: 'CompleteMultipartUpload',
      input: {
        UploadId: 'u',
        IfNoneMatch: '*',
        MultipartUpload: { Parts: [1, 2, 3].map((number) => ({ PartNumber: number, ETag: `"${number}"` })) },
      },
    });
    expect(fake.sent.slice(1, 4).map(({ input }) => input['ContentLength'])).toEqual([5 * MEBIBYTE, 5 * MEBIBYTE, 1]);
  });

  it('has at most 10,000 parts', async () => {
    const fake = uploads();
    const put = async (length: number): Promise<unknown> => {
      const pieces = piecesOf(new Uint8Array(length), 2);
      const { value: first } = (await pieces.next()) as { value: Piece };
      return uploadParts({ ...fake.inside, partSize: 2 }, KEY, { first, rest: pieces, fail: () => undefined }, CREATE);
    };

    await expect(put(20_001)).rejects.toMatchObject({
      constructor: ConfigError,
      option: 'partSize',
      message: 'partSize must be larger for a body of more than 20000 bytes, received 2',
    });
    expect(operations(fake).filter((operation) => operation === 'UploadPart')).toHaveLength(9_999);
    expect(operations(fake).at(-1)).toBe('AbortMultipartUpload');
    await expect(put(20_000)).resolves.toBe('created');
  });

  it.each([
    ['WHEN_SUPPORTED', { ChecksumAlgorithm: 'CRC32' }, { ChecksumCRC32: 'crc' }],
    ['WHEN_REQUIRED', {}, {}],
    [undefined, {}, {}],
  ])('of a client that adds checksums %s announces just those', async (setting, announced, repeated) => {
    const fake = uploads(undefined, { config: { requestChecksumCalculation: () => Promise.resolve(setting) } });

    await fake.store.put(KEY, body(2), CREATE);

    const [create, first, , complete] = fake.sent.map(({ input }) => input);
    const only = (input: object | undefined): object =>
      Object.fromEntries(Object.entries(input ?? {}).filter(([name]) => name.startsWith('Checksum')));
    expect([only(create), only(first)]).toEqual([announced, announced]);
    const end = complete as { MultipartUpload: { Parts: object[] } };
    expect(only(end.MultipartUpload.Parts[0])).toEqual(repeated);
  });

  it('says the checksum of a part by itself where the server wants it and does not say it back', async () => {
    const fake = uploads(
      ({ operation, input }) => {
        if (operation === 'UploadPart') return { ETag: `"${String(input['PartNumber'])}"` };
        if (operation !== 'CompleteMultipartUpload') return undefined;
        const { Parts } = input['MultipartUpload'] as { Parts: { ChecksumCRC32?: string }[] };
        if (Parts.some(({ ChecksumCRC32 }) => ChecksumCRC32 === undefined)) throw sdkError('BadRequest', 400);
        return undefined;
      },
      { config: { requestChecksumCalculation: () => Promise.resolve('WHEN_SUPPORTED') } },
    );

    await expect(fake.store.put(KEY, body(2), CREATE)).resolves.toBe('created');

    expect(fake.sent.at(-1)?.input['MultipartUpload']).toEqual({
      Parts: [
        { PartNumber: 1, ETag: '"1"', ChecksumCRC32: 'yTuzdQ==' },
        { PartNumber: 2, ETag: '"2"', ChecksumCRC32: '0gLvjQ==' },
      ],
    });
  });

  it('has four parts in flight at most', async () => {
    let flying = 0;
    let most = 0;
    let taken = 0;
    const gates: (() => void)[] = [];
    const fake = uploads(async ({ operation }) => {
      if (operation !== 'UploadPart') return undefined;
      most = Math.max(most, (flying += 1));
      await new Promise<void>((go) => gates.push(go));
      flying -= 1;
      return undefined;
    });
    async function* stream(): AsyncGenerator<Uint8Array> {
      for (; taken < 9; taken += 1) yield Promise.resolve(new Uint8Array(5 * MEBIBYTE));
    }
    const put = fake.store.put(KEY, stream(), CREATE);
    await until(() => gates.length === 4 && taken === 5);
    expect(flying).toBe(4);
    let opened = 0;
    const opening = until(() => {
      for (; opened < gates.length; opened += 1) gates[opened]?.();
      return opened === 9;
    });
    await Promise.all([put, opening]);

    expect(most).toBe(4);
  });

  it('stops all when a part fails while the source hangs', async () => {
    let stopped = false;
    let aborted = 0;
    const fake = uploads(async ({ operation, input }, signal) => {
      if (operation !== 'UploadPart') return undefined;
      if (input['PartNumber'] === 2) throw sdkError('InternalError', 500);
      return new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Error(`aborted ${(aborted += 1)}`)));
      });
    });
    let chunks = 0;
    const hanging: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => ((chunks += 1) <= 2 ? Promise.resolve({ done: false, value: body(2) }) : new Promise(() => undefined)),
        return: () => {
          stopped = true;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };

    await expect(fake.store.put(KEY, hanging, CREATE)).rejects.toMatchObject({ code: 'InternalError', operation: 'UploadPart' });

    expect({ stopped, aborted }).toEqual({ stopped: true, aborted: 1 });
    expect(operations(fake).at(-1)).toBe('AbortMultipartUpload');
    expect(operations(fake)).not.toContain('CompleteMultipartUpload');
  });

  it('stops all when the source breaks while its parts hang', async () => {
    const fake = uploads(({ operation }, signal) => {
      if (operation !== 'UploadPart') return undefined;
      return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
    });
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Promise.resolve(body(3));
      throw new Error('the source broke');
    }

    await expect(fake.store.put(KEY, broken(), CREATE)).rejects.toThrow('the source broke');

    expect(operations(fake).at(-1)).toBe('AbortMultipartUpload');
  });

  it('that cannot be ended keeps nobody waiting: ten seconds, whatever the signal says', async () => {
    const waits: number[] = [];
    const timer: Timer = (ms, fire) => {
      waits.push(ms);
      const soon = setImmediate(fire);
      return () => clearImmediate(soon);
    };
    let ending: AbortSignal | undefined;
    const fake = uploads(
      ({ operation }, signal) => {
        if (operation === 'UploadPart') throw sdkError('InternalError', 500);
        if (operation !== 'AbortMultipartUpload') return undefined;
        ending = signal;
        return new Promise(() => undefined);
      },
      { timer },
    );

    await expect(fake.store.put(KEY, body(2), CREATE)).rejects.toMatchObject({ code: 'InternalError' });

    expect(waits).toEqual([10_000]);
    expect(ending?.aborted).toBe(true);
  });

  it.each([
    ['no answer', Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }), true],
    ['a failure of the server', sdkError('InternalError', 500), true],
    ['a refusal', sdkError('AccessDenied', 403), false],
  ])('that may have begun is looked for: after %s', async (_what, error, looked) => {
    const fake = uploads(({ operation }) => {
      if (operation === 'CreateMultipartUpload') throw error;
      const name = `job-state/${KEY}`;
      if (operation === 'ListMultipartUploads')
        return {
          Uploads: [
            { Key: name, UploadId: 'lost' },
            { Key: `${name}x`, UploadId: 'other' },
          ],
        };
      return undefined;
    });

    await expect(fake.store.put(KEY, body(2), CREATE)).rejects.toMatchObject({ operation: 'CreateMultipartUpload' });

    const ended = fake.sent.filter(({ operation }) => operation === 'AbortMultipartUpload').map(({ input }) => input['UploadId']);
    expect(ended).toEqual(looked ? ['lost'] : []);
  });

  describe('whose end got no answer', () => {
    const lost = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    const outcome = (error: Error, mark: (own: unknown) => unknown): FakeS3 => {
      let own: unknown;
      return uploads(({ operation, input }) => {
        if (operation === 'CreateMultipartUpload') own = (input['Metadata'] as Record<string, unknown>)['mooring-upload'];
        if (operation === 'CompleteMultipartUpload') throw error;
        if (operation === 'HeadObject') return { Metadata: { 'mooring-upload': mark(own) } };
        return undefined;
      });
    };

    it.each([
      ['nothing at all', lost],
      ['that the upload is gone', sdkError('NoSuchUpload', 404)],
      ['that there is an object', sdkError('PreconditionFailed', 412)],
      ['not modified', sdkError('Unknown', 304)],
      ['that the server failed', sdkError('InternalError', 500)],
    ])('but %s is done where the object is its own', async (_what, error) => {
      const fake = outcome(error, (own) => own);

      await expect(fake.store.put(KEY, body(2), CREATE)).resolves.toBe('created');

      expect(operations(fake)).not.toContain('AbortMultipartUpload');
    });

    it('is ended without success where the object is another one', async () => {
      const failed = outcome(sdkError('NoSuchUpload', 404), () => 'of another');
      const taken = outcome(sdkError('PreconditionFailed', 412), () => 'of another');
      const unmodified = outcome(sdkError('Unknown', 304), () => 'of another');

      await expect(failed.store.put(KEY, body(2), CREATE)).rejects.toMatchObject({ code: 'NoSuchUpload' });
      await expect(taken.store.put(KEY, body(2), CREATE)).resolves.toBe('exists');
      await expect(unmodified.store.put(KEY, body(2), CREATE)).resolves.toBe('exists');

      for (const fake of [failed, taken, unmodified]) expect(operations(fake).at(-1)).toBe('AbortMultipartUpload');
    });
  });
});

describe('uploads that nobody finished', () => {
  const BEGUN = 1_795_363_995_114;

  it('are found by age below the prefix', async () => {
    const upload = (name: string, id: string, at: number): object => ({
      Key: name,
      UploadId: id,
      Initiated: new Date(BEGUN + at),
    });
    const others = [
      'default/note.zip',
      'default/2026/11/22/raw/video/film.mp4',
      objectOf('k', '1.bin'),
      // The asset `7` of a store whose prefix is `default/billing/`.
      `default/billing/prod/assets/7/k/${NAME}`,
    ].map((name) => upload(`job-state/${name}`, 'foreign', 1));
    const pages = [
      {
        Uploads: [upload(`job-state/${KEY}`, 'old', 1), upload(`job-state/${KEY}`, 'young', 10)],
        IsTruncated: true,
        NextKeyMarker: 'k',
        NextUploadIdMarker: 'u',
      },
      { Uploads: [...others, upload(`job-state/${objectOf('z', NAME)}`, 'gone', 2)] },
    ];
    const fake = uploads(({ operation, input }) => {
      if (operation === 'ListMultipartUploads') return pages[input['KeyMarker'] === undefined ? 0 : 1];
      if (input['UploadId'] === 'gone') throw sdkError('NoSuchUpload', 404);
      return undefined;
    });
    const find = async (remove: boolean): Promise<string[]> => {
      const keys: string[] = [];
      for await (const { key } of fake.store.unfinished(new Date(BEGUN + 10), { prefix: 'default/', remove })) keys.push(key);
      return keys;
    };

    await expect(find(false)).resolves.toEqual([KEY, objectOf('z', NAME)]);
    expect(operations(fake)).toEqual(['ListMultipartUploads', 'ListMultipartUploads']);
    expect(fake.sent.map(({ input }) => input)).toEqual([
      { Bucket: 'reports', Prefix: 'job-state/default/' },
      { Bucket: 'reports', Prefix: 'job-state/default/', KeyMarker: 'k', UploadIdMarker: 'u' },
    ]);
  });

  it('are ended when that is asked for', async () => {
    const upload = (name: string, id: string, at: number): object => ({
      Key: name,
      UploadId: id,
      Initiated: new Date(BEGUN + at),
    });
    const others = [
      'default/note.zip',
      'default/2026/11/22/raw/video/film.mp4',
      objectOf('k', '1.bin'),
      // The asset `7` of a store whose prefix is `default/billing/`.
      `default/billing/prod/assets/7/k/${NAME}`,
    ].map((name) => upload(`job-state/${name}`, 'foreign', 1));
    const pages = [
      {
        Uploads: [upload(`job-state/${KEY}`, 'old', 1), upload(`job-state/${KEY}`, 'young', 10)],
        IsTruncated: true,
        NextKeyMarker: 'k',
        NextUploadIdMarker: 'u',
      },
      { Uploads: [...others, upload(`job-state/${objectOf('z', NAME)}`, 'gone', 2)] },
    ];
    const fake = uploads(({ operation, input }) => {
      if (operation === 'ListMultipartUploads') return pages[input['KeyMarker'] === undefined ? 0 : 1];
      if (input['UploadId'] === 'gone') throw sdkError('NoSuchUpload', 404);
      return undefined;
    });
    const find = async (remove: boolean): Promise<string[]> => {
      const keys: string[] = [];
      for await (const { key } of fake.store.unfinished(new Date(BEGUN + 10), { prefix: 'default/', remove })) keys.push(key);
      return keys;
    };

    await expect(find(true)).resolves.toEqual([KEY, objectOf('z', NAME)]);

    const ended = fake.sent.filter(({ operation }) => operation === 'AbortMultipartUpload').map(({ input }) => input['UploadId']);
    expect(ended).toEqual(['old', 'gone']);
  });

  it.each([
    ['its name', BEGUN, new Date('2010-11-10T20:48:33Z')],
    ['the server', BEGUN - 1, new Date(BEGUN)],
    ['a server that does not say when', BEGUN - 1, undefined],
  ])('are none that %s calls young, whatever the other says', async (_who, named, Initiated) => {
    const name = `job-state/${objectOf('k', NAME.replace(String(BEGUN), String(named)))}`;
    const fake = uploads(({ operation }) => {
      return operation === 'ListMultipartUploads' ? { Uploads: [{ Key: name, UploadId: 'u', Initiated }] } : undefined;
    });

    await expect(all(fake.store.unfinished(new Date(BEGUN), { prefix: 'default/', remove: true }))).resolves.toEqual([]);

    expect(operations(fake)).not.toContain('AbortMultipartUpload');
  });

  it('are none where the server knows of no upload yet', async () => {
    const fake = uploads(() => {
      throw sdkError('NoSuchUpload', 404);
    });

    await expect(all(fake.store.unfinished(new Date(), { prefix: 'default/', remove: true }))).resolves.toEqual([]);
  });

  it.each([
    ['is not allowed', sdkError('AccessDenied', 403), undefined],
    ['fails', sdkError('InternalError', 500), 'InternalError'],
  ])('are looked for everywhere where the prefix shows none: if that %s', async (_what, error, code) => {
    const fake = uploads(({ input }) => {
      if (input['Prefix'] === undefined) throw error;
      return {};
    });
    const found = (async () => {
      for await (const { key } of fake.store.unfinished(new Date(), { prefix: 'default/', remove: false })) return key;
      return undefined;
    })();

    await (code === undefined ? expect(found).resolves.toBeUndefined() : expect(found).rejects.toMatchObject({ code }));
  });
});
