import { Readable } from 'node:stream';
import { ConfigError, wrongKind } from '../../model/errors/store.ts';

/**
 * Bodies that can be read only once. A body that was read already would be stored as an empty value over the present one. That
 * mostly happens if a failed write is tried again with the same body.
 */

/** Takes a body for a write. Refuses one that was read already. */
export type TakeBody = (body: AsyncIterable<Uint8Array>) => void;

/** The properties of Node streams, web streams and iterators that are looked at. */
type OneTime = Partial<
  Record<'next' | 'pipe' | 'getReader' | 'locked' | 'destroyed' | 'errored' | 'readableDidRead' | 'readableEnded', unknown>
>;

/** Remembers the bodies that it was given. An iterable that begins anew each time may come again. */
export function createTakeBody(): TakeBody {
  const taken = new WeakSet<object>();
  return (body) => {
    if (typeof (body as Partial<typeof body> | null | undefined)?.[Symbol.asyncIterator] !== 'function') {
      throw wrongKind('body', 'must be a stream, or another async iterable, of Uint8Array', body);
    }
    const { next, pipe, getReader } = body as OneTime;
    const isStream = typeof pipe === 'function' || typeof getReader === 'function';
    if (!isStream && typeof next !== 'function') return;
    const spent = taken.has(body) ? 'was given to setStream already' : isStream ? spentBy(body) : undefined;
    if (spent !== undefined) {
      throw new ConfigError('body', `must be a stream that nobody has read: this one ${spent}; make a new one for each try`);
    }
    taken.add(body);
  };
}

function spentBy(body: OneTime & object): string | undefined {
  if (body.errored) return 'has failed';
  if (body.destroyed === true) return 'was destroyed';
  if (body.locked === true) return 'has a reader';
  if (body.readableEnded === true) return 'has ended';
  if (body.readableDidRead === true || Readable.isDisturbed(body as Readable)) return 'was read';
  return undefined;
}
