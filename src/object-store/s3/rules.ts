import type { ObjectStore } from '../object-store.ts';
import { S3Error } from './errors.ts';
import { sendRequest, type S3Output, type S3Store } from './request.ts';

/** The lifecycle rules of the bucket, as far as they concern the store's objects. A rule for tags concerns none: no object has any. */

type Rule = NonNullable<S3Output<'GetBucketLifecycleConfiguration'>['Rules']>[number];

/** `rules()` of the S3 store. */
export function s3Rules(store: S3Store): NonNullable<ObjectStore['rules']> {
  return async (prefix, { signal } = {}) => {
    const whole = store.prefix + prefix;
    const found = (await rulesOf(store, signal)).filter(
      ({ Status, Filter }) => Status === 'Enabled' && !Filter?.Tag && !Filter?.And?.Tags?.length,
    );
    const ends = found.some((rule) => rule.AbortIncompleteMultipartUpload && whole.startsWith(prefixOf(rule)));
    const deletes = found.filter(
      (rule) =>
        (rule.Expiration?.Days !== undefined || rule.Expiration?.Date !== undefined) &&
        (whole.startsWith(prefixOf(rule)) || prefixOf(rule).startsWith(whole)),
    );
    return { endsUploads: ends, deleting: deletes.map((rule) => rule.ID ?? prefixOf(rule)) };
  };
}

function prefixOf({ Filter, Prefix }: Rule & { Prefix?: string | undefined }): string {
  return Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? '';
}

async function rulesOf(store: S3Store, signal: AbortSignal | undefined): Promise<readonly Rule[]> {
  try {
    return (await sendRequest(store, 'GetBucketLifecycleConfiguration', '', {}, signal)).Rules ?? [];
  } catch (error) {
    if (error instanceof S3Error && error.code === 'NoSuchLifecycleConfiguration') return [];
    throw error;
  }
}
