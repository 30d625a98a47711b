/** A checksum as buckets write it: 4 bytes, big endian, in base64. */
export function inBase64(sum: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(sum);
  return bytes.toString('base64');
}
