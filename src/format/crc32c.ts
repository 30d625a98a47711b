/** CRC-32C (Castagnoli), of RFC 3720, appendix B.4: reflected, polynomial 0x1EDC6F41. Eight bytes at a time. */

const POLYNOMIAL = 0x82f63b78;
const SLICES = 8;
const SLICE = 256;

/** `table[slice * 256 + byte]`: what a byte adds that `slice` others follow. */
const table: Uint32Array = slices();

function slices(): Uint32Array {
  const made = new Uint32Array(SLICES * SLICE);
  for (let byte = 0; byte < SLICE; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    made[byte] = crc;
  }
  for (let index = SLICE; index < made.length; index += 1) {
    const before = made[index - SLICE] as number;
    made[index] = (before >>> 8) ^ (made[before & 0xff] as number);
  }
  return made;
}

function look(slice: number, byte: number): number {
  return table[slice * SLICE + (byte & 0xff)] as number;
}

/**
 * The checksum of `bytes`, as an unsigned number of 32 bits.
 *
 * @param before - The checksum of the bytes that come before `bytes`.
 * @defaultValue `before` is 0: none do
 */
export function crc32c(bytes: Uint8Array, before = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const whole = bytes.length - (bytes.length % SLICES);
  let crc = ~before;
  for (let at = 0; at < whole; at += SLICES) {
    const low = view.getUint32(at, true) ^ crc;
    const high = view.getUint32(at + 4, true);
    crc =
      look(7, low) ^
      look(6, low >>> 8) ^
      look(5, low >>> 16) ^
      look(4, low >>> 24) ^
      look(3, high) ^
      look(2, high >>> 8) ^
      look(1, high >>> 16) ^
      look(0, high >>> 24);
  }
  for (let at = whole; at < bytes.length; at += 1) crc = look(0, crc ^ view.getUint8(at)) ^ (crc >>> 8);
  return ~crc >>> 0;
}
