import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { Codec } from '../../src/index.ts';
import type * as gzipModule from '../../src/codec/gzip.ts';
import type * as framing from '../../src/codec/snappy/framing.ts';
import type * as blocks from '../../src/codec/snappy/block.ts';
import type { Bench, Role, Side } from '../harness/bench.ts';
import type { Build } from '../harness/builds.ts';
import { bytes } from '../harness/settings.ts';
import { sustained } from '../harness/sustained.ts';
import { noise, records } from '../harness/values.ts';

/** Codecs on JSON of the kind that jobs keep, beside each implementation alone: now, and in a thread of the pool. */

type Work = (input: Uint8Array) => unknown;

/** One implementation without anything around it. */
interface Alone {
  readonly label: string;
  readonly encode: Work;
  readonly decode: Work;
}

const LEVEL = { level: 1 };
const QUALITY = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } };

/** `undefined` where this Node has no such codec. */
async function alone(name: string): Promise<Alone[] | undefined> {
  if (name === 'gzip') {
    const [gzip, gunzip] = [promisify<Uint8Array, object, Buffer>(zlib.gzip), promisify(zlib.gunzip)];
    return [
      { label: 'gzipSync', encode: (input) => zlib.gzipSync(input, LEVEL), decode: (input) => zlib.gunzipSync(input) },
      { label: 'gzip in a thread', encode: (input) => gzip(input, LEVEL), decode: (input) => gunzip(input) },
    ];
  }
  if (name === 'brotli') {
    const [pack, unpack] = [promisify<Uint8Array, object, Buffer>(zlib.brotliCompress), promisify(zlib.brotliDecompress)];
    return [
      {
        label: 'brotliSync',
        encode: (input) => zlib.brotliCompressSync(input, QUALITY),
        decode: (input) => zlib.brotliDecompressSync(input),
      },
      { label: 'brotli in a thread', encode: (input) => pack(input, QUALITY), decode: (input) => unpack(input) },
    ];
  }
  if (name === 'snappy') {
    const snappy = await import('snappy');
    return [
      {
        label: 'snappy, raw, now',
        encode: (input) => snappy.compressSync(input),
        decode: (input) => snappy.uncompressSync(Buffer.from(input)),
      },
      {
        label: 'snappy, raw, in a thread',
        encode: (input) => snappy.compress(input),
        decode: (input) => snappy.uncompress(Buffer.from(input)),
      },
    ];
  }
  const { zstdCompressSync, zstdDecompressSync, zstdCompress, zstdDecompress } = zlib as unknown as Record<
    string,
    Work & typeof zlib.gzip
  >;
  if (!zstdCompressSync || !zstdDecompressSync || !zstdCompress || !zstdDecompress) return undefined;
  const [pack, unpack] = [
    promisify<Uint8Array, object, Buffer>(zstdCompress),
    promisify<Uint8Array, object, Buffer>(zstdDecompress),
  ];
  return [
    { label: 'zstdSync', encode: (input) => zstdCompressSync(input), decode: (input) => zstdDecompressSync(input) },
    { label: 'zstd in a thread', encode: (input) => pack(input, {}), decode: (input) => unpack(input, {}) },
  ];
}

/** gzip, snappy, brotli, zstd, both ways. */
export const codecs: Bench = {
  about: 'each codec both ways, beside the fastest implementation alone; what a sample saves',
  async *comparisons(rig) {
    const { sizes = [256, 1_024, 16_384, 262_144, 4 * 2 ** 20, 16 * 2 ** 20] } = rig.settings;
    for (const name of ['gzip', 'snappy', 'brotli', 'zstd']) {
      const implementations = await alone(name);
      if (!implementations) continue;
      const ours = await Promise.all(rig.builds.map((build) => own(build, name)));
      for (const size of sizes) {
        const plain = new TextEncoder().encode(JSON.stringify(records(size)).slice(0, size));
        const side = (label: string, role: Role, work: Work, input: Uint8Array): Side => ({
          label,
          role,
          measure: () => speed(plain.length, () => work(input), rig.settings.seconds),
        });
        const encode: Side[] = [];
        const decode: Side[] = [];
        for (const { label, ...one } of implementations) {
          encode.push(side(label, 'plain', one.encode, plain));
          decode.push(side(label, 'plain', one.decode, (await one.encode(plain)) as Uint8Array));
        }
        let left = 1;
        for (const { label, role, codec } of ours.flat()) {
          const packed = await codec.encode(plain, {});
          if (role === 'this') left = packed.length / plain.length;
          encode.push(side(label, role, (input) => codec.encode(input, {}), plain));
          decode.push(side(label, role, (input) => codec.decode(input, { maxBytes: size }), packed));
        }
        yield { name: `${name}, encode ${bytes(size)} (${left.toFixed(2)} is left)`, sides: encode };
        yield { name: `${name}, decode ${bytes(size)}`, sides: decode };
      }
    }
    yield* samples(rig.builds, Math.min(4 * 2 ** 20, Math.max(...sizes)), rig.settings.seconds);
  },
};

/** Codecs of a build; the ones in JavaScript are what a runtime without the fast ones gets. */
async function own(build: Build, name: string): Promise<{ label: string; role: Role; codec: Codec }[]> {
  const { label, role } = build;
  const codec = build.kit.builtInCodecs().find((one) => one.name === name);
  if (!codec) return [];
  const found: { label: string; role: Role; codec: Codec }[] = [{ label, role, codec }];
  if (role === 'this' && name === 'gzip') {
    const { pakoGzip } = await build.load<typeof gzipModule>('src/codec/gzip.ts');
    found.push({ label: 'in JavaScript', role: 'peer', codec: pakoGzip() });
  }
  if (role === 'this' && name === 'snappy') {
    const { snappyCodec } = await build.load<typeof framing>('src/codec/snappy/framing.ts');
    const { scriptBlocks } = await build.load<typeof blocks>('src/codec/snappy/block.ts');
    found.push({ label: 'in JavaScript', role: 'peer', codec: snappyCodec(scriptBlocks()) });
  }
  return found;
}

/** What it costs to find out that nothing can be saved, and to find out in vain. */
async function* samples(builds: readonly Build[], size: number, seconds: number | undefined) {
  const [build] = builds;
  if (!build) return;
  for (const [kind, input] of Object.entries({
    JSON: new TextEncoder().encode(JSON.stringify(records(size))),
    noise: noise(size),
  })) {
    for (const codec of build.kit.builtInCodecs()) {
      if (codec.name === 'none' || codec.unavailable !== undefined) continue;
      const measure = (work: Work) => () => speed(input.length, () => work(input), seconds);
      yield {
        name: `${codec.name}, ${bytes(size)} of ${kind}`,
        sides: [
          { label: 'all of it', role: 'plain' as const, measure: measure((data) => codec.encode(data, {})) },
          {
            label: 'a sample first',
            role: 'this' as const,
            measure: measure((data) => build.kit.shorten(codec, data, {})),
          },
        ],
      };
    }
  }
}

async function speed(size: number, work: () => unknown, seconds = 0.1) {
  const { rate = 0, client } = await sustained(async () => work(), { lanes: 1, seconds });
  return { speed: (rate * size) / 1e6, time: 1_000 / rate, ...(client !== undefined && { client }) };
}
