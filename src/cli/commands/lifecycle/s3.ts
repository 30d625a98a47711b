import { createHash } from 'node:crypto';

/**
 * Rules for the lifecycle of a bucket of S3, in the form of `aws s3api put-bucket-lifecycle-configuration`
 * (https://docs.aws.amazon.com/cli/latest/reference/s3api/put-bucket-lifecycle-configuration.html).
 */

/** What the rules are for. */
export interface LifecycleS3 {
  /** What the names of all objects of the namespace begin with. */
  readonly prefix: string;
  readonly namespace: string;
  /** The segments of flows whose values never outlive `days`. */
  readonly flows: readonly string[];
  /** Days after which an object of those flows is deleted; counted from its making. */
  readonly days: number | undefined;
}

/** Longer than any upload takes. Unfinished uploads are paid for. */
const UNFINISHED_DAYS = 2;
/** Days in which a mistaken delete can be undone, if the bucket keeps versions. */
const NONCURRENT_DAYS = 7;
/** S3 allows 255 characters, and no two rules with the same ID. */
const LONGEST_ID = 255;

/** The rules. Each also has an expiration: MinIO refuses a rule without one. */
export function lifecycleS3({ prefix, namespace, flows, days }: LifecycleS3): object {
  return {
    Rules: [
      {
        ID: `mooring ${namespace}: clean up`,
        Status: 'Enabled',
        Filter: { Prefix: prefix },
        Expiration: { ExpiredObjectDeleteMarker: true },
        NoncurrentVersionExpiration: { NoncurrentDays: NONCURRENT_DAYS },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: UNFINISHED_DAYS },
      },
      ...flows.map((flow) => ({
        ID: ruleId(`mooring ${namespace}: expire ${flow}`),
        Status: 'Enabled',
        Filter: { Prefix: `${prefix}${flow}/` },
        Expiration: { Days: days },
      })),
    ],
  };
}

/** A name that is cut ends with a digest of all of it. */
function ruleId(name: string): string {
  if (name.length <= LONGEST_ID) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${name.slice(0, LONGEST_ID - digest.length - 1)}-${digest}`;
}
