import type { CallOptions } from '../../async/deadline.ts';
import type { UncheckedObjectStore } from '../checked.ts';
import { deleteEach } from '../delete-each.ts';
import { progressOf } from '../progress.ts';
import { S3Error } from './errors.ts';
import { isMissing } from './read.ts';
import { sendRequest, type S3Store } from './request.ts';

/** Deleting objects: a thousand with each request, or one with each where the server refuses the request for several. */

/** S3 takes no more: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const BATCH = 1_000;
/** Requests at the same time, where each deletes one object. */
const LANES = 16;

type Failures = { key: string; error: unknown }[];

/** `delete()` of the S3 store. */
export function s3Delete(store: S3Store): UncheckedObjectStore['delete'] {
  return async (keys, call) => {
    const failed: Failures = [];
    const progress = progressOf(call);
    for (let at = 0; at < keys.length; at += BATCH) {
      const batch = keys.slice(at, at + BATCH);
      failed.push(...(await (store.deletesMany ? deleteBatch(store, batch, call) : deleteSingly(store, batch, call))));
      progress();
    }
    return failed;
  };
}

async function deleteBatch(store: S3Store, keys: readonly string[], call: CallOptions): Promise<Failures> {
  const { bucket, prefix } = store;
  const { signal } = call;
  const names = keys.map((key) => prefix + key);
  try {
    const request = { Delete: { Objects: names.map((name) => ({ Key: name })), Quiet: true } };
    const { Errors = [] } = await sendRequest(store, 'DeleteObjects', names[0] ?? '', request, signal);
    return Errors.filter(({ Code }) => Code !== 'NoSuchKey').map(
      ({ Key: name = '', Code: code = 'Unknown', Message: message }) => ({
        key: name.slice(prefix.length),
        error: new S3Error({ operation: 'DeleteObjects', bucket, name }, { code, message, status: statusOf(code) }),
      }),
    );
  } catch (error) {
    signal?.throwIfAborted();
    return isRefusedRequest(error) ? afterRefusal(store, keys, error, call) : keys.map((key) => ({ key, error }));
  }
}

/** The list of failures has codes only. */
function statusOf(code: string): number | undefined {
  return code === 'AccessDenied' ? 403 : undefined;
}

/** No such request (405, 501), or none of this form: 400 also where the server wants a checksum that the client does not send. */
const REFUSALS: readonly (number | undefined)[] = [400, 405, 411, 501];

function isRefusedRequest(error: unknown): boolean {
  return error instanceof S3Error && REFUSALS.includes(error.status);
}

/** Only an object that was deleted alone shows that the refusal was about the request, and not about the client or the bucket. */
async function afterRefusal(store: S3Store, keys: readonly string[], error: unknown, call: CallOptions): Promise<Failures> {
  const failed = await deleteSingly(store, keys.slice(0, 1), call);
  if (failed.length > 0) return keys.map((key) => ({ key, error }));
  store.deletesMany = false;
  return deleteSingly(store, keys.slice(1), call);
}

function deleteSingly(store: S3Store, keys: readonly string[], call: CallOptions): Promise<Failures> {
  const deleteOne = async (key: string, { signal }: CallOptions): Promise<void> => {
    const name = store.prefix + key;
    try {
      await sendRequest(store, 'DeleteObject', name, { Key: name }, signal);
    } catch (error) {
      if (!(error instanceof S3Error) || !(await isMissing(store, name, error, signal))) throw error;
    }
  };
  return deleteEach(keys, call, deleteOne, LANES);
}
