import type { DataConverter, StorageDriver } from '@temporalio/common';

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
const ENVELOPE = 512;

/** Marks drivers of this library that never fail for what a message can hold. */
export const KEEPS_INLINE: unique symbol = Symbol.for('mooring.temporal.keeps-inline') as never;

/** The limit for workers with this converter: below the size from which a driver that may fail is used. */
export function largestDetails({ externalStorage }: Pick<DataConverter, 'externalStorage'> = {}): number {
  if (!externalStorage || externalStorage.drivers.every(keepsInline)) return LARGEST_DETAILS;
  return Math.min(LARGEST_DETAILS, Math.max(0, externalStorage.payloadSizeThreshold - ENVELOPE));
}

function keepsInline(driver: StorageDriver & { [KEEPS_INLINE]?: boolean }): boolean {
  return driver[KEEPS_INLINE] === true;
}
