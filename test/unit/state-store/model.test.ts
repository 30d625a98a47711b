import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { VersionConflictError } from '../../../src/model/errors/store.ts';
import type { Version } from '../../../src/format/write-id.ts';
import { memoryMetastore } from '../../../src/metastore/memory/store.ts';
import { memoryObjectStore } from '../../../src/object-store/memory.ts';
import { createStateStore } from '../../../src/state-store/create-state-store.ts';
import type { StateHandle } from '../../../src/state-store/state-handle.ts';
import { collected } from '../../contract/state-store-parts.ts';
import { chunked, drained, MIB, told } from '../../contract/state-store-stream-parts.ts';

/** A store against a plain Map: whatever is done to both, they hold the same. */

interface Model {
  values: Map<string, unknown>;
  versions: Map<string, Version>;
}

type Step = (state: StateHandle, model: Model) => Promise<void>;

const KEYS = ['a', 'b', 'a/b', 'é', '__proto__', 'x'.repeat(250)];
const key = fc.constantFrom(...KEYS);
const small = fc.jsonValue().filter((value) => value !== null && !hasNegativeZero(value));
const large = fc
  .record({ text: fc.string(), times: fc.integer({ min: 1, max: 400 }) })
  .map(({ text, times }) => ({ text: text.repeat(times) }));
const value = fc.oneof(small, large, fc.uint8Array({ maxLength: 3_000 }));

/** Around nothing, the thresholds below, and the size of a frame. */
const streamed = fc
  .tuple(fc.constantFrom(0, 1, 99, 1_024, 65_536, MIB - 1, MIB, MIB + 1, 2 * MIB + 7), fc.nat(255))
  .map(([size, fill]) => new Uint8Array(size).fill(fill));

/** Bytes by their digest: to compare a MiB element by element takes seconds. */
function brief(part: unknown): unknown {
  return part instanceof Uint8Array ? told(part) : part;
}

function allBrief(values: Iterable<[string, unknown]>): Map<string, unknown> {
  return new Map([...values].map(([k, v]) => [k, brief(v)]));
}

function hasNegativeZero(part: unknown): boolean {
  if (typeof part === 'object' && part !== null) return Object.values(part).some(hasNegativeZero);
  return Object.is(part, -0);
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(key, value).map(([k, v]): Step => async (state, { values, versions }) => {
    versions.set(k, (await state.set(k, v)).version);
    values.set(k, v);
  }),
  fc.tuple(key, value, fc.boolean()).map(([k, v, current]): Step => async (state, { values, versions }) => {
    const ifVersion = (current ? versions.get(k) : undefined) ?? 'absent';
    const written = state.set(k, v, { ifVersion });
    if (ifVersion === 'absent' && values.has(k)) {
      await expect(written).rejects.toThrow(VersionConflictError);
    } else {
      versions.set(k, (await written).version);
      values.set(k, v);
    }
  }),
  fc
    .tuple(key, streamed, fc.boolean(), fc.integer({ min: 9_000, max: 2_000_000 }))
    .map(([k, v, current, chunk]): Step => async (state, { values, versions }) => {
      const ifVersion = current ? (versions.get(k) ?? 'absent') : undefined;
      versions.set(k, (await state.setStream(k, chunked(v, chunk), ifVersion === undefined ? {} : { ifVersion })).version);
      values.set(k, v);
    }),
  key.map((k): Step => async (state, { values }) => {
    const stream = await state.getStream(k);
    const expected = values.get(k);
    expect(stream === undefined).toBe(expected === undefined);
    if (!stream) return;
    const bytes = await drained(stream);
    if (expected instanceof Uint8Array) expect(told(bytes)).toBe(told(expected));
    else expect(JSON.parse(bytes.toString())).toEqual(expected);
  }),
  fc.dictionary(key, value, { noNullPrototype: true }).map((many): Step => async (state, { values, versions }) => {
    await state.setMany(many);
    for (const [k, v] of Object.entries(many)) {
      values.set(k, v);
      versions.set(k, (await state.getEntry(k))?.version as Version);
    }
  }),
  fc.tuple(key, value).map(([k, v]): Step => async (state, { values, versions }) => {
    const expected = values.has(k) ? values.get(k) : v;
    expect(brief(await state.getOrSet(k, () => Promise.resolve(v)))).toEqual(brief(expected));
    values.set(k, expected);
    versions.set(k, (await state.getEntry(k))?.version as Version);
  }),
  fc.tuple(key, fc.option(value, { nil: undefined })).map(([k, v]): Step => async (state, { values, versions }) => {
    await state.update(k, (current) => {
      expect(brief(current)).toEqual(brief(values.get(k)));
      return v;
    });
    if (v === undefined) values.delete(k);
    else values.set(k, v);
    const version = (await state.getEntry(k))?.version;
    if (version === undefined) versions.delete(k);
    else versions.set(k, version);
  }),
  key.map((k): Step => async (state, { values, versions }) => {
    await state.delete(k);
    values.delete(k);
    versions.delete(k);
  }),
  fc.constant<Step>(async (state, { values, versions }) => {
    await state.clear();
    values.clear();
    versions.clear();
  }),
);

const settings = fc.record({
  offloadThreshold: fc.constantFrom(0, 1, 100, 1_024, 65_536),
  codec: fc.constantFrom('none' as const, 'gzip' as const, 'snappy' as const, 'brotli' as const),
});

describe('a store and a Map', () => {
  it('hold the same, whatever is done to both', async () => {
    const run = fc.array(fc.tuple(settings, step), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(run, async (steps) => {
        const parts = { metastore: memoryMetastore(), objectStore: memoryObjectStore() };
        const model: Model = { values: new Map(), versions: new Map() };
        for (const [options, apply] of steps) {
          const state = createStateStore({ ...parts, ...options }).asset({ name: 'a' });
          await apply(state, model);

          const entries = await collected(state.entries());

          expect(entries.map((entry) => entry.key)).toEqual([...model.values.keys()].sort());
          expect(new Map(entries.map((entry) => [entry.key, entry.version]))).toEqual(model.versions);
          expect(allBrief(Object.entries(await state.getMany(KEYS)))).toEqual(allBrief(model.values));
        }
      }),
      { numRuns: 150 },
    );
  });
});
