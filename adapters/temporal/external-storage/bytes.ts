import type { Payload } from '@temporalio/common';
import { CorruptEntryError } from '../../../src/adapter-kit.ts';

/**
 * A payload as the bytes of its protobuf message, `temporal.api.common.v1.Payload`: map<string, bytes> metadata = 1, bytes data =
 * 2, repeated { int64 size_bytes = 1 } external_payloads = 3. Encoded here, byte for byte as the SDK does it, since separate
 * copies of protobufjs do not accept each other's messages.
 */

const METADATA = 1;
const DATA = 2;
const EXTERNAL_PAYLOADS = 3;
const KEY = 1;
const VALUE = 2;
const SIZE_BYTES = 1;
const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/** Fields that a newer server or SDK adds, as the SDK keeps them: none is lost on the way. */
interface Unknown {
  $unknowns?: Uint8Array[];
}

/** The bytes of a payload. */
export function payloadBytes(payload: Payload): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [key, value] of Object.entries(payload.metadata ?? {})) {
    const entry = Buffer.concat([...field(KEY, Buffer.from(key)), ...field(VALUE, value)]);
    parts.push(...field(METADATA, entry));
  }
  if (payload.data && payload.data.length > 0) parts.push(...field(DATA, payload.data));
  for (const { sizeBytes } of payload.externalPayloads ?? []) {
    const size = String(sizeBytes ?? 0) === '0' ? [] : [tag(SIZE_BYTES, VARINT), varint(String(sizeBytes))];
    parts.push(...field(EXTERNAL_PAYLOADS, Buffer.concat(size)));
  }
  parts.push(...((payload as Unknown).$unknowns ?? []));
  return Buffer.concat(parts);
}

function field(number: number, bytes: Uint8Array): Uint8Array[] {
  return [tag(number, BYTES), varint(bytes.length), bytes];
}

function tag(number: number, wire: number): Uint8Array {
  return varint((number << 3) | wire);
}

function varint(value: number | string): Uint8Array {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  for (; left > 0x7fn; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80);
  return Uint8Array.from([...bytes, Number(left)]);
}

/**
 * The payload of bytes. Nothing in it shares memory with them.
 *
 * @throws {@link CorruptEntryError} if they are not a payload.
 */
export function payloadOf(bytes: Uint8Array): Payload {
  const payload: Payload = {};
  const metadata: [string, Uint8Array][] = [];
  for (const { number, value, raw } of fieldsOf(bytes)) {
    if (typeof value === 'bigint' || number > EXTERNAL_PAYLOADS) ((payload as Unknown).$unknowns ??= []).push(raw.slice());
    else if (number === METADATA) metadata.push(entryOf(value));
    else if (number === DATA) payload.data = value.slice();
    else if (number === EXTERNAL_PAYLOADS) (payload.externalPayloads ??= []).push({ sizeBytes: sizeOf(value) as never });
  }
  // Not by assignment: a key may be `__proto__`.
  if (metadata.length > 0) payload.metadata = Object.fromEntries(metadata);
  return payload;
}

function entryOf(bytes: Uint8Array): [string, Uint8Array] {
  const entry: [string, Uint8Array] = ['', new Uint8Array()];
  for (const { number, value } of fieldsOf(bytes)) {
    if (typeof value === 'bigint') continue;
    if (number === KEY) entry[0] = Buffer.from(value).toString();
    if (number === VALUE) entry[1] = value.slice();
  }
  return entry;
}

function sizeOf(bytes: Uint8Array): number {
  let size = 0;
  for (const { number, value } of fieldsOf(bytes)) {
    if (number === SIZE_BYTES && typeof value === 'bigint') size = Number(BigInt.asIntN(64, value));
  }
  return size;
}

function* fieldsOf(
  bytes: Uint8Array,
): Generator<{ number: number; value: Uint8Array | bigint; raw: Uint8Array }, void, undefined> {
  // Uses a plain view: slices of a `Buffer` would not be copies.
  const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  const number = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = view[at];
      if (byte === undefined) throw damaged();
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw damaged();
  };
  const take = (length: number): Uint8Array => {
    if (length > view.length - at) throw damaged();
    at += length;
    return view.subarray(at - length, at);
  };
  while (at < view.length) {
    const from = at;
    const key = Number(number());
    const wire = key & 7;
    const value = wire === VARINT ? number() : take(lengthOf(wire, number));
    yield { number: Math.floor(key / 8), value, raw: view.subarray(from, at) };
  }
}

function lengthOf(wire: number, number: () => bigint): number {
  if (wire === BYTES) return Number(number());
  if (wire === FIXED_64) return 8;
  if (wire === FIXED_32) return 4;
  throw damaged();
}

function damaged(): CorruptEntryError {
  return new CorruptEntryError('the stored bytes are not a payload');
}
