import type { PutOptions } from '../object-store.ts';
import { S3Error } from './errors.ts';
import { send, type S3Operations, type S3Store } from './request.ts';

/** Making an object only where there is none: what servers answer to `If-None-Match: *`, all in one place. */

/** Most tries of one request that another on the same name keeps from being decided. */
const TRIES = 8;
const FIRST_PAUSE = 50;
const PRECONDITION_FAILED = 412;
const CONFLICT = 409;
const NOT_IMPLEMENTED = 501;

/**
 * Makes an object by a request that takes the condition. A request that met another on the same name is sent again; a server that
 * does not know the condition is asked by itself whether there is an object, from then on. That is enough: no name is used twice.
 *
 * @throws {@link S3Error}
 */
export async function createObject(
  store: S3Store,
  name: string,
  { ifAbsent, signal }: PutOptions,
  request: (condition: { IfNoneMatch?: '*' }) => Promise<unknown>,
): Promise<'created' | 'exists'> {
  let conditional = ifAbsent && store.conditional;
  for (let tries = 1; ; tries += 1) {
    if (ifAbsent && !conditional && (await headOf(store, name, signal))) return 'exists';
    try {
      await request(conditional ? { IfNoneMatch: '*' } : {});
      if (ifAbsent) store.conditional = conditional;
      return 'created';
    } catch (error) {
      const status = error instanceof S3Error && conditional ? error.status : undefined;
      if (status === PRECONDITION_FAILED) return 'exists';
      if (status === NOT_IMPLEMENTED) conditional = false;
      else if (status === CONFLICT && tries < TRIES) await store.clock.sleep(pause(store, tries), signal);
      else throw error;
    }
  }
}

/** Doubles, with jitter, so that those who met do not meet again. */
function pause({ random }: S3Store, tries: number): number {
  return FIRST_PAUSE * 2 ** (tries - 1) * (0.5 + random() / 2);
}

/** What is known of an object; `undefined` where there is none, or no bucket: the answer has no body that would tell. */
export async function headOf(
  store: S3Store,
  name: string,
  signal: AbortSignal | undefined,
): Promise<S3Operations['HeadObject']['output'] | undefined> {
  try {
    return await send(store, 'HeadObject', name, { Key: name }, signal);
  } catch (error) {
    if (error instanceof S3Error && error.status === 404) return undefined;
    throw error;
  }
}
