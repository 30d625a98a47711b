import { afterEach, describe, expect, it } from '@jest/globals';
import { transformSync } from '@swc/core';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import type { Codec } from '../../../src/codec/codec.ts';
import { CodecUnavailableError, CorruptEntryError } from '../../../src/model/errors/store.ts';
import { memoryMetastore } from '../../../src/metastore/memory/store.ts';
import { memoryObjectStore } from '../../../src/object-store/memory.ts';
import { createStateStore } from '../../../src/state-store/create-state-store.ts';
import type { StateStore } from '../../../src/state-store/state-store.ts';
import type { StateStoreOptions } from '../../../src/state-store/options.ts';
import { codecContract, records } from '../../contract/codec.ts';
import { fixtures } from '../../support/fixtures.ts';

/** The codecs of docs/codecs.md, as they stand there. */

const page = readFileSync(join(import.meta.dirname, '../../../docs/codecs.md'), 'utf8');

type Run = (require: NodeJS.Require, exported: Record<string, Codec>) => void;

/** Runs the block under a heading, and hands out what it exports by that name. */
function codecOf(name: string): Codec {
  const block = new RegExp(`^### ${name}\\n[\\s\\S]*?\`\`\`ts\\n([\\s\\S]*?)\`\`\``, 'm').exec(page)?.[1] ?? '';
  const { code } = transformSync(block, {
    jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
  });
  const exported: Record<string, Codec> = {};
  (compileFunction(code, ['require', 'exports']) as Run)(createRequire(import.meta.url), exported);
  return exported[name] as Codec;
}

const lz4 = codecOf('lz4');
const xz = codecOf('xz');
const bz2 = codecOf('bz2');

/** What a store makes of whatever a codec throws. */
function asInStore(codec: Codec): Codec {
  return {
    ...codec,
    decode: (bytes, options) =>
      codec.decode(bytes, options).catch((cause: unknown) => {
        options.signal?.throwIfAborted();
        throw new CorruptEntryError('cannot be decoded', { cause });
      }),
  };
}

describe('lz4, as the page shows it', () => codecContract({ codec: asInStore(lz4) }));
describe('xz, as the page shows it', () => codecContract({ codec: asInStore(xz) }));

const cases = [lz4, xz, bz2].flatMap((codec) =>
  fixtures(codec.name).map(({ name, bytes, plain }) => ({ name, codec, bytes, plain })),
);

describe('a file that another tool wrote', () => {
  it.each(cases)('is read: $name', async ({ codec, bytes, plain }) => {
    const read = await codec.decode(bytes, { maxBytes: plain.length });

    expect(Buffer.compare(read, plain)).toBe(0);
    await expect(codec.decode(bytes, { maxBytes: plain.length - 1 })).rejects.toThrow('more than');
  });

  it.each(cases)('is refused, or read in part, where it is cut or damaged: $name', async ({ codec, bytes, plain }) => {
    for (const kept of [0, 1, bytes.length >> 1, bytes.length - 1]) {
      const read = await codec.decode(bytes.subarray(0, kept), { maxBytes: plain.length }).catch(() => new Uint8Array());
      expect(Buffer.compare(read, plain.subarray(0, read.length))).toBe(0);
      expect(read.length).toBeLessThan(plain.length);
    }
  });
});

describe('bz2, as the page shows it', () => {
  /** 64 MiB of zeros, by python's bz2. */
  const BOMB = Buffer.from(
    'QlpoOTFBWSZTWQ4J4t8BX45AAMAAAAggADCATUZCoCWpCoCXMUFZJlNZvAS1wwCidcAAwAAAACCAAIKQINjKKiE0qKiE4u5IpwoSFALuD6A=',
    'base64',
  );

  it('decodes a bomb no further than the limit', async () => {
    const before = process.memoryUsage().rss;

    for (const maxBytes of [0, 1_000, 2 ** 20]) await expect(bz2.decode(BOMB, { maxBytes })).rejects.toThrow('more than');

    expect(process.memoryUsage().rss - before).toBeLessThan(48 * 2 ** 20);
  });

  it('survives any damage of one byte', async () => {
    const { bytes, plain } = fixtures('bz2').find(({ name }) => name === 'records.python.bz2')!;
    for (let at = 0; at < bytes.length; at += 1) {
      const damaged = Uint8Array.from(bytes);
      damaged[at] = (damaged[at] as number) ^ 0x55;
      await expect(bz2.decode(damaged, { maxBytes: plain.length })).rejects.toThrow();
    }
  });
});

describe('a store with a codec of the page', () => {
  const TASK = { flow: 'media', run: '1', task: 'encode' };
  const value = new TextDecoder().decode(records(20_000));
  const opened: StateStore[] = [];
  const open = (options: StateStoreOptions): StateStore => {
    const store = createStateStore({ offloadThreshold: 0, ...options });
    opened.push(store);
    return store;
  };

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
  });

  it.each([['lz4', lz4] as const, ['xz', xz] as const])('C43 C47 C49 keeps values under %s', async (name, codec) => {
    const stores = { metastore: memoryMetastore(), objectStore: memoryObjectStore() };
    await open({ ...stores, codec })
      .task(TASK)
      .set('k', value);

    expect(
      await open({ ...stores, codec: 'gzip', codecs: [codec] })
        .task(TASK)
        .get('k'),
    ).toBe(value);
    const error: unknown = await open(stores)
      .task(TASK)
      .get('k')
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CodecUnavailableError);
    expect(error).toMatchObject({ codec: name, key: 'k' });
  });

  it('C47 reads what something else wrote as bz2', async () => {
    const { bytes, plain } = fixtures('bz2').find(({ name }) => name === 'records.python.bz2')!;
    const stores = { metastore: memoryMetastore(), objectStore: memoryObjectStore() };
    const python: Codec = { ...bz2, encode: () => Promise.resolve(bytes) };
    await open({ ...stores, codec: python })
      .task(TASK)
      .set('k', plain);

    expect(
      await open({ ...stores, codecs: [bz2] })
        .task(TASK)
        .get('k'),
    ).toEqual(plain);
  });

  it('C47 cannot write bz2', async () => {
    const stores = { metastore: memoryMetastore(), objectStore: memoryObjectStore() };

    const error: unknown = await open({ ...stores, codec: bz2 })
      .task(TASK)
      .set('k', value)
      .catch((caught: unknown) => caught);

    expect(error).toBeInstanceOf(CodecUnavailableError);
    expect((error as Error).cause).toMatchObject({ message: 'bz2 is only read' });
  });

  it('I6 C40 takes damaged bytes for damage', async () => {
    const stores = { metastore: memoryMetastore(), objectStore: memoryObjectStore() };
    const broken: Codec = { ...xz, encode: () => Promise.resolve(new Uint8Array(100)) };
    await open({ ...stores, codec: broken })
      .task(TASK)
      .set('k', value);

    await expect(
      open({ ...stores, codec: xz })
        .task(TASK)
        .get('k'),
    ).rejects.toThrow(CorruptEntryError);
  });
});
