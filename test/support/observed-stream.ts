import { buffer } from 'node:stream/consumers';
import type { CallOptions } from '../../src/async/deadline.ts';
import type { SetOptions, StateHandle } from '../../src/state-store/state-handle.ts';
import type { Numbered } from './observed-key.ts';

/** A state whose values are long streams, for `observe()`: each is its value again and again, so that a missing part shows. */

/** More than one part of an upload. */
const BYTES = 6 * 2 ** 20;
const CHUNK = 700_000;

/** `set` writes a stream, `get` reads one. */
export function streaming(state: StateHandle): StateHandle {
  const faces = {
    set: (key: string, value: Numbered, options?: SetOptions) => state.setStream(key, chunked(bodyOf(value)), options),
    async get(key: string, options?: CallOptions) {
      const stream = await state.getStream(key, options);
      return stream && valueOf(await buffer(stream));
    },
  };
  return Object.assign(Object.create(state) as StateHandle, faces as Pick<StateHandle, 'get' | 'set'>);
}

function bodyOf(value: Numbered): Buffer {
  return Buffer.alloc(BYTES, `${JSON.stringify(value)}\n`);
}

/** The value; one without its text where the stream is not whole. */
function valueOf(bytes: Buffer): Numbered {
  const value = JSON.parse(bytes.subarray(0, bytes.indexOf('\n')).toString()) as Numbered;
  return bodyOf(value).equals(bytes) ? value : { n: value.n, text: '' };
}

async function* chunked(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += CHUNK) yield await Promise.resolve(bytes.subarray(from, from + CHUNK));
}
