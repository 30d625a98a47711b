import { ApplicationFailure } from '@temporalio/activity';
import type { DataConverter, LoadedDataConverter, StorageDriver } from '@temporalio/common';

/**
 * How large the details of a heartbeat may be. The SDK (up to 1.24) ends the whole worker if a storage driver refuses them, and
 * no activity can prevent that. So heartbeats never depend on a driver that can fail.
 */

/**
 * Bytes of JSON. The server takes 2 MiB, and drops details that are replaced before the next send. Below this, a storage driver
 * of ours keeps details in the message when its object store is down.
 */
export const LARGEST_DETAILS = 1_048_576;

/** Bytes of a payload in addition to the JSON. */
const DETAILS_ENVELOPE = 512;

/** Marks drivers of this library that never fail for what a message can hold. */
export const KEEPS_INLINE: unique symbol = Symbol.for('mooring.temporal.keeps-inline') as never;

/** The limit for workers with this converter: below the size from which a driver that may fail is used. */
export function largestDetails({ externalStorage }: Pick<DataConverter, 'externalStorage'> = {}): number {
  if (!externalStorage || externalStorage.drivers.every(keepsInline)) return LARGEST_DETAILS;
  return Math.min(LARGEST_DETAILS, Math.max(0, externalStorage.payloadSizeThreshold - DETAILS_ENVELOPE));
}

function keepsInline(driver: StorageDriver & { [KEEPS_INLINE]?: boolean }): boolean {
  return driver[KEEPS_INLINE] === true;
}

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
