import type { StorageDriverTargetInfo } from '@temporalio/common';

/** The names of payloads in an object store. Each holds the digest of its payload, so that equal payloads are one object. */

const DAY = 86_400_000;

/** How long payloads are kept, in whole days. */
export type RetentionDays = number | 'forever';

/**
 * A key of this library: `payloads/<class>/<namespace>/<period>/<sha256>.<codec>`. Class and namespace come first, so that a
 * lifecycle rule of the bucket can name them. An object is reused only within its period of one day. So if a rule deletes it one
 * day after the retention, it lives for the whole retention after each store.
 */
export function mooringKey(
  target: StorageDriverTargetInfo | undefined,
  object: { sha256: string; codec: string },
  kept: { retention: RetentionDays; now: number },
): string {
  const { retention, now } = kept;
  const [name, period] =
    retention === 'forever' ? ['forever', 'any'] : [`${retention}d`, new Date(now).toISOString().slice(0, 10)];
  const namespace = segment(target?.namespace, /[!'()*]/g);
  return `payloads/${name}/${namespace}/${period}/${object.sha256}${object.codec === 'none' ? '' : `.${object.codec}`}`;
}

/** When an object of the current period ends. */
export function endOf(retention: RetentionDays, now: number): Date | undefined {
  return retention === 'forever' ? undefined : new Date((Math.floor(now / DAY) + 1 + retention) * DAY);
}

/**
 * The key that Temporal's own drivers for S3 give a payload, as their tests publish it. Version 0 of the format:
 * https://github.com/temporalio/sdk-typescript/tree/main/contrib/external-storage-s3
 */
export function temporalKey(target: StorageDriverTargetInfo | undefined, sha256: string): string {
  const digest = `d/sha256/${sha256}`;
  if (!target) return `v0/${digest}`;
  const [type, id] = target.kind === 'workflow' ? ['wt', 'wi'] : ['at', 'ai'];
  const { namespace, type: typeName, id: idText, runId } = target;
  const parts = ['ns', namespace, type, typeName, id, idText, 'ri', runId];
  return `v0/${parts.map((part) => segment(part, /~/g)).join('/')}/${digest}`;
}

/** Percent-encoded, including characters of `also` that `encodeURIComponent` leaves. */
function segment(text: string | undefined, also: RegExp): string {
  if (text === undefined || text === '') return 'null';
  return encodeURIComponent(text).replace(also, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}
