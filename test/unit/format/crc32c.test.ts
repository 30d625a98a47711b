import { describe, expect, it } from '@jest/globals';
import { crc32c } from '../../../src/format/crc32c.ts';

describe('CRC-32C', () => {
  it.each([
    ['no bytes', new Uint8Array(), 0],
    ['123456789', new TextEncoder().encode('123456789'), 0xe3069283],
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 ones', new Uint8Array(32).fill(255), 0x62a8ab43],
    ['0 to 31', Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
    ['31 to 0', Uint8Array.from({ length: 32 }, (_, index) => 31 - index), 0x113fdb5c],
  ])('of %s is that of RFC 3720', (_name, bytes, sum) => {
    expect(crc32c(bytes)).toBe(sum);
  });

  it('is the same wherever the bytes lie in memory', () => {
    const memory = Uint8Array.from({ length: 64 }, (_, index) => index * 7);
    for (let from = 0; from < 16; from += 1) {
      const part = memory.subarray(from, from + 37);
      expect(crc32c(part)).toBe(crc32c(Uint8Array.from(part)));
    }
  });

  it('of bytes after others is that of both', () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, index) => index * 31);
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(crc32c(bytes));
    }
  });
});
