/** Finds the ends of zstd frames. `node:zlib` reads the first frame, and silently ignores the rest. */

const MAGIC = 0xfd2fb528;
/** Sixteen magic numbers mark a frame to skip: this one, with any last four bits. */
const SKIPPABLE = 0x184d2a50;
const REPEATED_BYTE = 1;
const RESERVED = 3;
const DICTIONARY_ID: readonly number[] = [0, 1, 2, 4];
const CONTENT_SIZE: readonly number[] = [0, 2, 4, 8];

/** The frames that hold data, in order; `undefined` if the bytes are not exactly whole frames. Format: RFC 8878, section 3.1. */
export function zstdFrames(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    if (at + 8 > bytes.length) return undefined;
    const magic = view.getUint32(at, true);
    const skipped = (magic & ~0xf) >>> 0 === SKIPPABLE;
    if (!skipped && magic !== MAGIC) return undefined;
    const end = skipped ? at + 8 + view.getUint32(at + 4, true) : endOfFrame(view, at);
    if (end === undefined || end > bytes.length) return undefined;
    if (!skipped) frames.push(bytes.subarray(at, end));
    at = end;
  }
  return frames;
}

function endOfFrame(view: DataView, start: number): number | undefined {
  const descriptor = view.getUint8(start + 4);
  const single = (descriptor >>> 5) & 1;
  const contentSize = (CONTENT_SIZE[descriptor >>> 6] as number) || single;
  let at = start + 5 + (1 - single) + (DICTIONARY_ID[descriptor & 3] as number) + contentSize;
  for (let last = false; !last;) {
    if (at + 3 > view.byteLength) return undefined;
    const head = view.getUint16(at, true) + view.getUint8(at + 2) * 65_536;
    const type = (head >>> 1) & 3;
    if (type === RESERVED) return undefined;
    last = (head & 1) === 1;
    at += 3 + (type === REPEATED_BYTE ? 1 : head >>> 3);
  }
  return at + ((descriptor >>> 2) & 1) * 4;
}
