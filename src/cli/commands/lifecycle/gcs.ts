/**
 * Rules for the lifecycle of a bucket of Google Cloud Storage, in the form of `gcloud storage buckets update --lifecycle-file`
 * (https://docs.cloud.google.com/storage/docs/lifecycle-configurations). An object that ends has its end as its custom time; an
 * object without one is never deleted.
 */

/** Longer than any upload takes. Unfinished uploads are paid for. */
const UNFINISHED_DAYS = 2;
/** After its end: a week in which `sweep` removes it, and a day for clocks and for the time that a write takes. */
const EXPIRED_DAYS = 8;
/** Days in which a mistaken delete can be undone, if the bucket keeps versions. */
const NONCURRENT_DAYS = 7;

/** The rules for all objects whose names begin with the prefix. */
export function lifecycleGcs(prefix: string): object {
  const matchesPrefix = [prefix];
  return {
    lifecycle: {
      rule: [
        { action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: UNFINISHED_DAYS, matchesPrefix } },
        { action: { type: 'Delete' }, condition: { daysSinceCustomTime: EXPIRED_DAYS, matchesPrefix } },
        { action: { type: 'Delete' }, condition: { daysSinceNoncurrentTime: NONCURRENT_DAYS, isLive: false, matchesPrefix } },
      ],
    },
  };
}
