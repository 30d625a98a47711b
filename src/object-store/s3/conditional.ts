import { retry } from '../../async/retry.ts';
import type { PutOptions } from '../object-store.ts';
import { S3Error } from './errors.ts';
import { sendRequest, type S3Output, type S3Store } from './request.ts';

/** Making an object only if there is none: what servers answer to `If-None-Match: *`, all in one place. */

/** The most tries of a request that met another one on the same name. */
const TRIES = 8;
const FIRST_PAUSE = 50;
/** What says that there is an object: 412, and the 304 that some servers answer in its place. */
const THERE: readonly (number | undefined)[] = [412, 304];
const CONFLICT = 409;
const NOT_FOUND = 404;
const NOT_IMPLEMENTED = 501;

/**
 * Makes an object by a request that takes the condition. A request that met another on the same name is sent again. A server that
 * does not know the condition is, from then on, asked separately whether there is an object. That is enough: no name is used
 * twice.
 *
 * @throws {@link S3Error}
 */
export async function createObject(
  store: S3Store,
  name: string,
  { ifAbsent, signal }: PutOptions,
  request: (condition: { IfNoneMatch?: '*' }) => Promise<unknown>,
): Promise<'created' | 'exists'> {
  const { clock, random } = store;
  let conditional = ifAbsent && store.conditional;
  const make = async (): Promise<'created' | 'exists'> => {
    if (ifAbsent && !conditional && (await headOf(store, name, signal))) return 'exists';
    try {
      await request(conditional ? { IfNoneMatch: '*' } : {});
    } catch (error) {
      const status = conditional ? statusOf(error) : undefined;
      if (THERE.includes(status)) return 'exists';
      if (status !== NOT_IMPLEMENTED) throw error;
      conditional = false;
      return make();
    }
    if (ifAbsent) store.conditional = conditional;
    return 'created';
  };
  const passes = (error: unknown): boolean => conditional && statusOf(error) === CONFLICT;
  return retry({ clock, random, signal, pause: { first: FIRST_PAUSE }, tries: TRIES, passes }, make);
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3Error ? error.status : undefined;
}

/** What is known of an object; `undefined` if there is no object or no bucket: the answer has no body that would tell which. */
export async function headOf(
  store: S3Store,
  name: string,
  signal: AbortSignal | undefined,
): Promise<S3Output<'HeadObject'> | undefined> {
  try {
    return await sendRequest(store, 'HeadObject', name, { Key: name }, signal);
  } catch (error) {
    if (statusOf(error) === NOT_FOUND) return undefined;
    throw error;
  }
}
