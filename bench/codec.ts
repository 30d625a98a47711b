import { performance } from 'node:perf_hooks';
import { brotliCodec } from '../src/codec/brotli.ts';
import type { Codec } from '../src/codec/codec.ts';
import { crc32c } from '../src/format/crc32c.ts';
import { gzipCodec, pakoGzip } from '../src/codec/gzip.ts';
import { nodeZlib } from '../src/codec/zlib.ts';
import { shorten } from '../src/codec/compress-if-smaller.ts';
import { installedSnappy, nativeBlocks, scriptBlocks } from '../src/codec/snappy/block.ts';
import { snappyCodec } from '../src/codec/snappy/framing.ts';
import { zstdCodec } from '../src/codec/zstd.ts';

/**
 * Codecs compared, on JSON of the kind that jobs keep: `npx tsx bench/codec.ts`. Prints, for each size, the share that is left,
 * MB/s of plain bytes both ways, and the longest time that the event loop stood still. The levels and thresholds in `src/codec`
 * follow it, and docs/codecs.md has its figures. The first table compares one call at once with one in a thread, which settles
 * where to change over. The last one shows what a sample costs and saves.
 */

const SIZES = [256, 1_024, 16_384, 262_144, 4_194_304];
const SWITCH_SIZES = [1_024, 4_096, 16_384, 32_768, 65_536, 131_072, 262_144];
const LARGE = [1_048_576, 4_194_304];
const ROUNDS = 3;
const SECONDS = 0.15;

/** Records as an API returns them: repeated names, IDs and times that do not repeat. */
function json(size: number): Uint8Array {
  let seed = 1;
  const draw = (): number => (seed = (seed * 48_271) % 2_147_483_647);
  let text = '[';
  for (let id = 0; text.length < size; id += 1) {
    text += JSON.stringify({
      id,
      key: draw().toString(36),
      state: ['active', 'failed', 'done'][draw() % 3],
      at: draw(),
      size: draw() % 999,
    });
  }
  return new TextEncoder().encode(text.slice(0, size));
}

function name(size: number): string {
  return size < 1_024 ? `${size} B` : size < 2 ** 20 ? `${size / 1_024} KiB` : `${size / 2 ** 20} MiB`;
}

interface Measured {
  perSecond: number;
  standstill: number;
}

/** The median of the calls, and the least standstill of the rounds: what else the machine does should not count. */
async function measure(bytes: number, call: () => unknown): Promise<Measured> {
  for (let warm = 0; warm < 3; warm += 1) await call();
  const times: number[] = [];
  const standstills: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    let standstill = 0;
    let last = performance.now();
    const watch = setInterval(() => {
      standstill = Math.max(standstill, performance.now() - last - 1);
      last = performance.now();
    }, 1);
    const end = performance.now() + SECONDS * 1_000;
    do {
      const start = performance.now();
      await call();
      times.push(performance.now() - start);
      if (bytes >= 65_536) await new Promise((resolve) => setImmediate(resolve));
    } while (performance.now() < end);
    clearInterval(watch);
    standstills.push(standstill);
  }
  const median = times.toSorted((a, b) => a - b)[times.length >> 1] as number;
  return { perSecond: bytes / median / 1e3, standstill: Math.min(...standstills) };
}

function row(cells: readonly (string | number)[], widths: readonly number[]): string {
  return cells.map((cell, index) => String(cell).padStart(widths[index] ?? 10)).join('  ');
}

async function compareSwitch(): Promise<void> {
  const zlib = nodeZlib();
  if (!zlib) return;
  const { gzip, gunzip, gzipSync, gunzipSync } = zlib;
  const widths = [8, 9, 6, 12, 12, 12, 12];
  console.log(row(['size', 'level', 'left', 'gzip now', 'in thread', 'gunzip now', 'in thread'], widths), '(microseconds)');
  for (const size of SWITCH_SIZES) {
    for (const level of [1, 6]) {
      const plain = json(size);
      const packed = gzipSync(plain, { level });
      const micros = async (call: () => unknown): Promise<string> => (size / (await measure(size, call)).perSecond).toFixed(0);
      const packNow = await micros(() => gzipSync(plain, { level }));
      const packLater = await micros(() => new Promise((resolve) => gzip(plain, { level }, resolve)));
      const unpackNow = await micros(() => gunzipSync(packed));
      const unpackLater = await micros(() => new Promise((resolve) => gunzip(packed, resolve)));
      console.log(
        row([name(size), level, (packed.length / size).toFixed(3), packNow, packLater, unpackNow, unpackLater], widths),
      );
    }
  }
}

async function compareCodecs(): Promise<void> {
  const native = await installedSnappy();
  const codecs: readonly [string, Codec | undefined][] = [
    ['gzip, node:zlib', gzipCodec()],
    ['gzip, pako', pakoGzip()],
    ['snappy, native', native && snappyCodec(nativeBlocks(native))],
    ['snappy, script', snappyCodec(scriptBlocks())],
    ['brotli', brotliCodec()],
    ['zstd', zstdCodec()],
  ];
  const widths = [16, 8, 6, 10, 10, 14, 14];
  console.log(`\n${row(['codec', 'size', 'left', 'encode', 'decode', 'standstill, ms', ''], widths)}`);
  for (const size of SIZES) {
    const plain = json(size);
    for (const [label, codec] of codecs) {
      if (!codec || ('unavailable' in codec && codec.unavailable)) continue;
      const packed = await codec.encode(plain, {});
      const encode = await measure(size, () => codec.encode(plain, {}));
      const decode = await measure(size, () => codec.decode(packed, { maxBytes: size }));
      const left = (packed.length / size).toFixed(3);
      const still = [encode, decode].map(({ standstill }) => standstill.toFixed(1));
      console.log(row([label, name(size), left, encode.perSecond.toFixed(0), decode.perSecond.toFixed(0), ...still], widths));
    }
  }
}

/** What it costs to find out that nothing can be saved, and to find out in vain. */
async function compareSample(): Promise<void> {
  const native = await installedSnappy();
  const codecs: readonly Codec[] = [gzipCodec(), snappyCodec(native && nativeBlocks(native)), brotliCodec(), zstdCodec()];
  const widths = [8, 8, 8, 10, 12];
  console.log(`\n${row(['codec', 'size', 'bytes', 'all of it', 'sample first'], widths)} (milliseconds)`);
  for (const size of LARGE) {
    for (const [kind, plain] of [['JSON', json(size)] as const, ['noise', noise(size)] as const]) {
      for (const codec of codecs) {
        if ('unavailable' in codec) continue;
        const millis = async (call: () => unknown): Promise<string> =>
          (size / (await measure(size, call)).perSecond / 1e3).toFixed(1);
        const whole = await millis(() => codec.encode(plain, {}));
        console.log(row([codec.name, name(size), kind, whole, await millis(() => shorten(codec, plain, {}))], widths));
      }
    }
  }
}

function noise(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) globalThis.crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

console.log(`Node.js ${process.version}`);
await compareSwitch();
await compareCodecs();
await compareSample();
const block = json(65_536);
console.log(`\nCRC-32C: ${(await measure(block.length, () => crc32c(block))).perSecond.toFixed(0)} MB/s`);
