import { constants } from 'node:buffer';
import { types } from 'node:util';
import type { EntryMeta } from './entry.ts';
import { CorruptEntryError, InvalidValueError, type ErrorContext } from '../model/errors/store.ts';
import { isPlainJson } from '../model/plain-json.ts';

/**
 * Value to bytes and back. A value that JSON would change silently is refused before any I/O, with the path of the offending
 * part. So what was accepted comes back equal. The one exception is -0, which comes back as 0.
 */

/** A value as it is stored, before compression. A copy: what the caller does to the value later does not reach it. */
export type SerializedValue = { type: 'json'; body: string; size: number } | { type: 'bytes'; body: Uint8Array; size: number };

/** The bytes of a serialized value: UTF-8 of the text of its JSON. */
export function bytesOf({ body }: Pick<SerializedValue, 'body'>): Uint8Array {
  return typeof body === 'string' ? ENCODER.encode(body) : body;
}

const ENCODER = new TextEncoder();

/** Far below the depth at which `JSON.stringify` runs out of stack. */
const DEEPEST = 1_000;

/**
 * What stands for a value: the text of its JSON, or a `Uint8Array` unchanged. `size` is in bytes.
 *
 * @throws {@link InvalidValueError} for `null`, and for anything that would not come back unchanged.
 */
export function serialize(value: unknown, context?: ErrorContext): SerializedValue {
  if (types.isUint8Array(value)) return { type: 'bytes', body: new Uint8Array(value), size: value.length };
  if (value === null || value === undefined) {
    throw new InvalidValueError('$', `is ${value}: delete the key to store nothing`, context);
  }
  const body = jsonText(value, context);
  return { type: 'json', body, size: Buffer.byteLength(body) };
}

/**
 * The value that the bytes stand for; a `Uint8Array` is a copy.
 *
 * @throws {@link CorruptEntryError} when they are not what `serialize()` makes.
 */
export function deserialize(type: EntryMeta['type'], bytes: Uint8Array, context?: ErrorContext): unknown {
  if (type === 'bytes') return new Uint8Array(bytes);
  try {
    return JSON.parse(DECODER.decode(bytes));
  } catch {
    // The error has no cause: the cause's text quotes the value.
    throw new CorruptEntryError('the stored value is not JSON in UTF-8', context);
  }
}

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function jsonText(value: unknown, context: ErrorContext | undefined): string {
  const walk: Walk = { path: [], seen: new Map() };
  try {
    if (!isPlainJson(value, DEEPEST) && check(walk, value) > constants.MAX_STRING_LENGTH) {
      throw new Refusal('is longer than a JSON text can be');
    }
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof Refusal) throw new InvalidValueError(pathText(walk.path), error.message, context);
    throw new InvalidValueError(pathText(walk.path), 'cannot be read, or is longer than a JSON text can be', {
      ...context,
      cause: error,
    });
  }
}

/** Where the walk is. A refusal does not unwind `path`, so that it names the part. */
interface Walk {
  path: (string | number)[];
  /** The least length of each object's JSON, so that a part that is shared is walked once; `OPEN` while the walk is inside. */
  seen: Map<object, number>;
}

const OPEN = -1;

class Refusal extends Error {}

/** Checks a value and all of its parts. Returns the least length of its JSON: exact would cost more, and is not needed. */
function check(walk: Walk, value: unknown): number {
  switch (typeof value) {
    case 'object':
      return value === null ? 4 : checkObject(walk, value);
    case 'string':
      return value.length + 2;
    case 'number':
      if (!Number.isFinite(value)) throw new Refusal(`is ${value}: JSON would store null`);
      return 1;
    case 'boolean':
      return 4;
    default:
      throw new Refusal(`is a ${typeof value}: JSON cannot hold it`);
  }
}

function checkObject(walk: Walk, value: object): number {
  const seen = walk.seen.get(value);
  if (seen === OPEN) throw new Refusal('is a cycle: it holds itself');
  if (seen !== undefined) return seen;
  if (walk.path.length >= DEEPEST) throw new Refusal(`is deeper than ${DEEPEST} levels`);
  walk.seen.set(value, OPEN);
  const length = Array.isArray(value) ? checkElements(walk, value) : checkProperties(walk, value as Record<string, unknown>);
  if (Object.getOwnPropertySymbols(value).some((key) => Object.prototype.propertyIsEnumerable.call(value, key))) {
    throw new Refusal('has a property under a symbol: JSON would leave it out');
  }
  walk.seen.set(value, length);
  return length;
}

function checkElements(walk: Walk, value: readonly unknown[]): number {
  const prototype: unknown = Object.getPrototypeOf(value);
  // The prototype of arrays is an array, in every realm; a subclass's is not.
  if (prototype !== Array.prototype && !(Array.isArray(prototype) && isBase(Object.getPrototypeOf(prototype)))) {
    throw new Refusal(`is ${className(value)}: it would come back as a plain array`);
  }
  const depth = walk.path.length;
  let length = 1;
  for (let index = 0; index < value.length; index += 1) {
    walk.path[depth] = index;
    if (value[index] === undefined) throw new Refusal('is undefined or empty: JSON would store null');
    length += check(walk, value[index]) + 1;
  }
  walk.path.length = depth;
  if (Object.keys(value).length !== value.length) {
    throw new Refusal('has properties in addition to its elements: JSON would leave them out');
  }
  return length;
}

function checkProperties(walk: Walk, value: Record<string, unknown>): number {
  refuseInstance(value);
  const depth = walk.path.length;
  let length = 1;
  for (const key of Object.keys(value)) {
    walk.path[depth] = key;
    if (value[key] !== undefined) length += key.length + 4 + check(walk, value[key]);
  }
  walk.path.length = depth;
  return length;
}

/** An instance passes if it has the shape of a plain object: nothing but data, so nothing would be lost. */
function refuseInstance(value: object): void {
  if (isBase(Object.getPrototypeOf(value))) return;
  if (types.isPromise(value)) {
    // The refusal is the error that the caller hears; a rejection that nobody handles would end the process.
    value.catch(() => undefined);
    throw new Refusal('is a promise: await it first');
  }
  if (types.isTypedArray(value) || types.isAnyArrayBuffer(value)) {
    throw new Refusal(`is ${className(value)}: bytes are stored as a Uint8Array that is the whole value`);
  }
  for (let prototype = Object.getPrototypeOf(value); !isBase(prototype); prototype = Object.getPrototypeOf(prototype)) {
    if (Reflect.ownKeys(prototype as object).some((key) => key !== 'constructor')) {
      throw new Refusal(`is ${className(value)}: it would come back as a plain object`);
    }
  }
}

/** Whether a prototype is the one of plain objects, of this realm or of another, or none. */
function isBase(prototype: object | null): boolean {
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

function className(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an instance of a class';
}

const LONGEST_KEY = 40;
const LONGEST_PATH = 240;

function pathText(path: readonly (string | number)[]): string {
  const text = `$${path.map(stepText).join('')}`;
  return text.length <= LONGEST_PATH ? text : `${text.slice(0, LONGEST_PATH / 2)}…${text.slice(-LONGEST_PATH / 2)}`;
}

function stepText(step: string | number): string {
  if (typeof step === 'number') return `[${step}]`;
  const key = step.length > LONGEST_KEY ? `${step.slice(0, LONGEST_KEY)}…` : step;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
