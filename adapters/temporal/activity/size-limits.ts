import { ApplicationFailure } from '@temporalio/activity';
import type { DataConverter, LoadedDataConverter, StorageDriver } from '@temporalio/common';

/**
 * How large the details of a heartbeat may be. The SDK (up to 1.24) ends the whole worker where a storage driver does not take them, beyond the
 * reach of any activity. So what is heartbeaten never depends on a driver that can fail.
 */

/**
 * Bytes of JSON. The server takes 2 MiB, and drops what is said before the next send. Below this, a storage driver of ours keeps details in
 * the message when its object store is down.
 */
export const LARGEST_DETAILS = 1_048_576;

/** Bytes beside the JSON in a payload. */
const DETAILS_ENVELOPE = 512;

/** On drivers of ours that never fail for what a message can hold. */
export const KEEPS_INLINE: unique symbol = Symbol.for('mooring.temporal.keeps-inline') as never;

/** The limit for workers with this converter: below the size from which a driver that may fail would be asked. */
export function largestDetails({ externalStorage }: Pick<DataConverter, 'externalStorage'> = {}): number {
  if (!externalStorage || externalStorage.drivers.every(keepsInline)) return LARGEST_DETAILS;
  return Math.min(LARGEST_DETAILS, Math.max(0, externalStorage.payloadSizeThreshold - DETAILS_ENVELOPE));
}

function keepsInline(driver: StorageDriver & { [KEEPS_INLINE]?: boolean }): boolean {
  return driver[KEEPS_INLINE] === true;
}

/**
 * How large an activity's result may be. The server refuses one that is too large, of which the SDK makes a failure that is retried without
 * end; so it is refused here, for good.
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
  // Most results are far from the limit, whatever a codec makes of them: they are not encoded a second time.
  if (limit === undefined || jsonBytes(result) <= limit / 2) return;
  const bytes = converter ? await encodedBytes(result, converter) : jsonBytes(result);
  if (bytes <= limit || bytes >= (converter?.externalStorage?.payloadSizeThreshold ?? Number.POSITIVE_INFINITY)) return;
  const remedy =
    "keep it in an object store and return its key, use external storage, or raise maxResultBytes and the server's limit";
  const message = `the activity's result has ${bytes} bytes, and the server takes ${limit}: ${remedy}`;
  throw ApplicationFailure.nonRetryable(message, 'mooring.value-too-large', { bytes, limit });
}

/** As the server gets it. What cannot be encoded so is for the SDK to judge, which does it again. */
async function encodedBytes(result: unknown, { payloadConverter, payloadCodecs }: LoadedDataConverter): Promise<number> {
  try {
    let payloads = [payloadConverter.toPayload(result)];
    for (const codec of payloadCodecs) payloads = await codec.encode(payloads);
    return payloads.reduce((sum, { data }) => sum + (data?.length ?? 0), ENVELOPE);
  } catch {
    return 0;
  }
}

/** Bytes in addition to a payload's data: what it says of its encoding. */
const ENVELOPE = 256;

/** Bytes of a value as JSON; 0 for what is none. */
export function jsonBytes(value: unknown): number {
  if (value instanceof Uint8Array) return value.length;
  try {
    return Buffer.byteLength(JSON.stringify(value) ?? '');
  } catch {
    return 0;
  }
}
