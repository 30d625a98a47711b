/** What may be stored: the types that hold a value to what survives JSON. The run-time side is `serializer.ts`. */

/** Anything that JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** `T` if every part of it survives JSON; `never` in place of each part that does not. Interfaces pass. */
export type Json<T> = unknown extends T
  ? T
  : T extends string | number | boolean | null
    ? T
    : T extends
          | bigint
          | symbol
          | undefined
          | Date
          | Uint8Array
          | ReadonlyMap<unknown, unknown>
          | ReadonlySet<unknown>
          | ((...args: never) => unknown)
      ? never
      : { [K in keyof T]: Json<Exclude<T[K], undefined>> | Extract<T[K], undefined> };

/** What one key may hold: JSON other than `null`, or bytes. Not a `Buffer`: it would come back as a `Uint8Array`. */
export type Storable<T> = T extends Uint8Array
  ? Uint8Array<ArrayBuffer> extends T
    ? T
    : never
  : T extends null
    ? never
    : Json<T>;

/**
 * The shape of a state handle that names none: any key, any value. The compiler then accepts what cannot be stored, such as a `Date`, and the
 * call rejects with `InvalidValueError` before any I/O.
 */
export type AnyShape = Record<string, unknown>;

/** The keys of a shape. */
export type KeyOf<Shape> = keyof Shape & string;

/** Holds each property of a shape to what can be stored: `interface Progress { cursor: number }` fits, a `Date` in it does not. */
export type StateShape<Shape> = { [K in keyof Shape]: Storable<Shape[K]> };
