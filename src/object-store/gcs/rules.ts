import type { CallOptions } from '../../async/deadline.ts';
import { NO_BUCKET } from './errors.ts';
import { gcsError, isNotFound, sendRequest, type GcsRequest, type GcsStore } from './request.ts';
import type { ObjectStore } from '../object-store.ts';

/**
 * The lifecycle rules of the bucket, as far as they concern the store's objects:
 * https://docs.cloud.google.com/storage/docs/json_api/v1/buckets#resource
 */

interface Rule {
  readonly action?: { readonly type?: string };
  /** A rule acts if all of its conditions hold. */
  readonly condition?: Readonly<Record<string, unknown>> & {
    readonly isLive?: boolean;
    readonly matchesPrefix?: readonly string[];
  };
}

/** Conditions by which a rule leaves a value alone: it has ended, or it is not the object that is there now. */
const HARMLESS = [
  'daysSinceCustomTime',
  'customTimeBefore',
  'daysSinceNoncurrentTime',
  'noncurrentTimeBefore',
  'numNewerVersions',
] as const;

/** `rules()` of the store. A session of an upload ends by itself, so there is nothing to say of those. */
export function gcsRules(store: GcsStore): NonNullable<ObjectStore['rules']> {
  return async (prefix, call = {}) => {
    const whole = store.prefix + prefix;
    const deletes = (await rulesOf(store, call)).filter(
      ({ action, condition = {} }) =>
        action?.type === 'Delete' &&
        condition.isLive !== false &&
        HARMLESS.every((name) => condition[name] === undefined) &&
        (condition.matchesPrefix ?? ['']).some((one) => whole.startsWith(one) || one.startsWith(whole)),
    );
    return { deleting: deletes.map(nameOf) };
  };
}

/** A rule has no name: what it acts on stands for it. */
function nameOf({ condition = {} }: Rule): string {
  const words = Object.entries(condition).map(([name, value]) => `${name} ${String(value)}`);
  return ['Delete', ...words].join(', ');
}

async function rulesOf(store: GcsStore, call: CallOptions): Promise<readonly Rule[]> {
  const { apiEndpoint } = store.bucket.storage;
  const uri = `${apiEndpoint}/storage/v1/b/${store.bucket.name}`;
  const request: GcsRequest = { operation: 'buckets.get', name: '' };
  try {
    const { body } = await sendRequest(store, request, { method: 'GET', uri, qs: { fields: 'lifecycle' } }, call);
    return (body as { lifecycle?: { rule?: readonly Rule[] } } | undefined)?.lifecycle?.rule ?? [];
  } catch (error) {
    throw isNotFound(error) ? gcsError(store, request, { code: NO_BUCKET, status: error.status }) : error;
  }
}
