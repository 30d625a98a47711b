import { describe, expect, test } from '@jest/globals';
import { defaultPayloadConverter, ExternalStorage, type LoadedDataConverter, type PayloadCodec } from '@temporalio/common';
import { requireSmallResult } from '../../../adapters/temporal/activity/result-size.ts';
import { taskContext } from '../../../adapters/temporal/index.ts';
import { begin, failureOf } from './rig.ts';

/** The server refuses what is too large, and the SDK would try again without end. */

const MIB = 1_048_576;
const converter = (payloadCodecs: PayloadCodec[] = []): LoadedDataConverter =>
  ({ payloadConverter: defaultPayloadConverter, payloadCodecs }) as unknown as LoadedDataConverter;
const codec = (encode: (data: Uint8Array) => Uint8Array): PayloadCodec => ({
  encode: async (payloads) => payloads.map((payload) => ({ ...payload, data: encode(payload.data ?? new Uint8Array()) })),
  decode: async (payloads) => payloads,
});
const refused = { type: 'mooring.value-too-large', nonRetryable: true };

describe('a result', () => {
  test('of more than the server takes is refused for good, with its size and what to do', async () => {
    const failure = await failureOf(requireSmallResult('x'.repeat(2 * MIB), converter()));

    expect(failure).toMatchObject({ ...refused, details: [{ bytes: expect.any(Number), limit: 2 * MIB }] });
    expect(failure.message).toMatch(/object store.*external storage.*maxResultBytes/);
  });

  test.each([
    ['is small', 'x', converter()],
    ['fits', 'x'.repeat(2 * MIB - 400), converter()],
    ['is made small by a codec', 'x'.repeat(6 * MIB), converter([codec(() => new Uint8Array(9))])],
    ['cannot be encoded', { toJSON: () => 1n, of: 'x'.repeat(3 * MIB) }, converter()],
    ['is as large, where nothing is known of the server', 'x'.repeat(6 * MIB), undefined],
  ])('that %s passes', async (_what, result, known) => {
    await expect(requireSmallResult(result, known)).resolves.toBeUndefined();
  });

  test('that a codec makes too large is refused', async () => {
    const larger = converter([codec((data) => new Uint8Array(data.length * 2))]);
    await expect(failureOf(requireSmallResult('x'.repeat(1.5 * MIB), larger))).resolves.toMatchObject(refused);
  });

  test('that external storage takes passes', async () => {
    const driver = {
      name: 'any',
      type: 'any',
      store: () => Promise.reject(new Error()),
      retrieve: () => Promise.reject(new Error()),
    };
    const externalStorage = new ExternalStorage({ drivers: [driver] });

    await expect(requireSmallResult('x'.repeat(6 * MIB), { ...converter(), externalStorage })).resolves.toBeUndefined();
  });

  test.each([
    ['that asked for its context is held to maxResultBytes', () => taskContext(), refused],
    ['that did not is not', () => undefined, undefined],
  ])('of an activity %s', async (_which, ask, expected) => {
    const activity = async (): Promise<string> => {
      ask();
      return 'x'.repeat(200);
    };
    const { result } = begin(activity, {}, { options: { maxResultBytes: 100 } });

    const failure = await result.then(
      () => undefined,
      (error: unknown) => error,
    );

    if (expected) expect(failure).toMatchObject(expected);
    else expect(failure).toBeUndefined();
  });
});
