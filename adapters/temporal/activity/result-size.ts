import { ApplicationFailure } from '@temporalio/activity';
import type { LoadedDataConverter } from '@temporalio/common';

/**
 * How large an activity's result may be. The server refuses a larger one, and the SDK retries that failure without end. So it is
 * refused here, for good.
 */

/** Bytes: the server's `limit.blobSize.error`, unless an operator changed it. */
const SERVER_LIMIT = 2 * 1_048_576;

/**
 * Refuses a result that the server would not take.
 *
 * @param converter - The worker's, if it is known.
 * @param most - Bytes that the result may have.
 * @throws an `ApplicationFailure` that is not retryable.
 */
export async function requireSmallResult(result: unknown, converter?: LoadedDataConverter, most?: number): Promise<void> {
  const limit = most ?? (converter ? SERVER_LIMIT : undefined);
  // Most results are far below the limit, whatever a codec makes of them, and are not encoded a second time.
  if (limit === undefined || jsonBytes(result) <= limit / 2) return;
  const bytes = converter ? await encodedBytes(result, converter) : jsonBytes(result);
  if (bytes <= limit || bytes >= (converter?.externalStorage?.payloadSizeThreshold ?? Number.POSITIVE_INFINITY)) return;
  const remedy =
    "keep it in an object store and return its key, use external storage, or raise maxResultBytes and the server's limit";
  const message = `the activity's result has ${bytes} bytes, and the server takes ${limit}: ${remedy}`;
  throw ApplicationFailure.nonRetryable(message, 'mooring.value-too-large', { bytes, limit });
}

/** The payload as the server gets it. The SDK encodes it again, and reports what cannot be encoded. */
async function encodedBytes(result: unknown, { payloadConverter, payloadCodecs }: LoadedDataConverter): Promise<number> {
  try {
    let payloads = [payloadConverter.toPayload(result)];
    for (const codec of payloadCodecs) payloads = await codec.encode(payloads);
    return payloads.reduce((sum, { data }) => sum + (data?.length ?? 0), ENVELOPE);
  } catch {
    return 0;
  }
}

/** Bytes in addition to a payload's data: the metadata of its encoding. */
const ENVELOPE = 256;

/** Bytes of a value as JSON; 0 if it is not JSON. */
export function jsonBytes(value: unknown): number {
  if (value instanceof Uint8Array) return value.length;
  try {
    return Buffer.byteLength(JSON.stringify(value) ?? '');
  } catch {
    return 0;
  }
}
