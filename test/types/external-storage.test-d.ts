import { ExternalStorage, type DataConverter, type StorageDriver } from '@temporalio/common';
import { expectTypeOf } from 'expect-type';
import type { ObjectStore } from 'mooring';
import { externalStorageDriver, type ExternalStorageOptions } from 'mooring/temporal/external-storage';

declare const objectStore: ObjectStore;

// What the SDK takes is what is made here.
const driver = externalStorageDriver({ objectStore, retention: '30d', codec: 'zstd' });
expectTypeOf(driver).toExtend<StorageDriver>();
expectTypeOf(new ExternalStorage({ drivers: [driver] })).toExtend<NonNullable<DataConverter['externalStorage']>>();
externalStorageDriver({ objectStore, keys: 'temporal-v0', bucket: 'payloads' });

expectTypeOf<ExternalStorageOptions['keys']>().toEqualTypeOf<'mooring' | 'temporal-v0' | undefined>();

// @ts-expect-error There is no driver without a place.
externalStorageDriver({});
// @ts-expect-error A retention is a length of time.
externalStorageDriver({ objectStore, retention: '30 days' });
