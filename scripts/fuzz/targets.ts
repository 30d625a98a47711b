import { isDeepStrictEqual } from 'node:util';
import { join, sep } from 'node:path';
import fc from 'fast-check';
import { parseLocation } from '../../src/config/location.ts';
import { configFromEnv } from '../../src/config/environment.ts';
import { parseRedis } from '../../src/config/redis-address.ts';
import { VARIABLES } from '../../src/config/variables.ts';
import { parseEntry } from '../../src/format/entry.ts';
import { parseObjectKey } from '../../src/format/object-name.ts';
import { decodeSegment, encodeSegment, isScopePath, pathScope, scopePath } from '../../src/format/path.ts';
import { headText } from '../../src/format/head.ts';
import { NO_ID, recordText } from '../../src/format/record-head.ts';
import { parseRecord } from '../../src/format/record.ts';
import { bytesOf, deserialize, serialize } from '../../src/format/serializer.ts';
import { taskScope } from '../../src/model/check-scope.ts';
import { isMooringError } from '../../src/model/errors/store.ts';
import type { Version } from '../../src/model/version.ts';
import { requireObjectKey } from '../../src/object-store/check-key.ts';

/** What is given any input, and what must hold then. A target that throws anything but an error of Mooring has failed. */

/** A target. */
export interface FuzzTarget {
  readonly name: string;
  /** Gives it so many inputs; the problem is the smallest input that fails, with its seed. */
  check(options: { numRuns: number; seed?: number }): { runs: number; problem: string | undefined };
}

function target<T>(name: string, input: fc.Arbitrary<T>, holds: (input: T) => boolean | void): FuzzTarget {
  return {
    name,
    check(options) {
      const details = fc.check(
        fc.property(input, (given) => refusing(() => holds(given) ?? true)),
        options,
      );
      return { runs: details.numRuns, problem: details.failed ? fc.defaultReportMessage(details) : undefined };
    },
  };
}

/** A typed refusal is fine, everything else is not. */
function refusing(work: () => boolean): boolean {
  try {
    return work();
  } catch (error) {
    if (isMooringError(error)) return true;
    throw error;
  }
}

const NOISE = fc.string({
  unit: fc.constantFrom(...Array.from('\0\u0001 /\\.%:@?#=~-_aZ09é😀\u202E\uD800"{}[],\n')),
  maxLength: 40,
});
const TEXT = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 260 }),
  NOISE,
  fc.constantFrom('.', '..', '', '%2e', '__proto__', '-1', 'sha256='),
);
const VERSION = '000000000000000000000007-a00000000000000b-0000000003' as Version;
const INSTANT = 1_763_800_000_000;
const SOME = fc.jsonValue({ maxDepth: 2 });
/** JSON that a head may have: any, or the known fields with any values. */
const META = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc
    .record(
      { type: fc.oneof(fc.constantFrom('json', 'bytes'), SOME), size: fc.oneof(fc.nat(), SOME), ref: SOME },
      { requiredKeys: [] },
    )
    .map((fields) => JSON.stringify(fields)),
  fc
    .record(
      {
        idempotencyKey: fc.oneof(fc.string(), SOME),
        submitTimeout: fc.oneof(fc.nat(), SOME),
        findLag: fc.oneof(fc.nat(), SOME),
        previous: fc.oneof(fc.constant([]), SOME),
        externalId: SOME,
        history: SOME,
        shown: SOME,
      },
      { requiredKeys: [] },
    )
    .map((fields) => JSON.stringify(fields)),
);
const NOISY_META = fc.oneof(
  META,
  TEXT,
  META.chain((text) => fc.nat(Math.max(1, text.length)).map((at) => text.slice(0, at))),
);
const SCOPE = fc.record({ flow: TEXT, run: TEXT, task: TEXT });
const BASE = join(sep, 'srv', 'state');
const SCHEMES = ['redis://', 'rediss://', 'redis+cluster://', 's3://', 'gs://', 'file:///', 'file://', 'http://', ''];
const URL_TEXT = fc.tuple(fc.constantFrom(...SCHEMES), TEXT).map((parts) => parts.join(''));
const NAMES = [...Object.values(VARIABLES).map(({ name }) => name), 'MOORING_CONNECTION_A', 'MOORING_X', 'PATH'];

/** All targets. */
export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  target('keys: a segment comes back, and no two are one', fc.tuple(TEXT, TEXT), ([one, other]) => {
    const segment = encodeSegment('the key', one);
    const back = decodeSegment(segment);
    return (
      (back === undefined || back === one) &&
      segment.length <= 200 &&
      (encodeSegment('the key', other) === segment) === (one === other)
    );
  }),
  target('scopes: a path comes back, and stays below its base', fc.tuple(SCOPE, SCOPE), ([one, other]) => {
    const path = scopePath(taskScope(one));
    if (!isScopePath(path) || !join(BASE, path).startsWith(BASE + sep)) return false;
    const back = pathScope(path);
    if (back !== undefined && !path.includes('sha256=') && scopePath(back) !== path) return false;
    return (scopePath(taskScope(other)) === path) === isDeepStrictEqual(one, other);
  }),
  target('object keys: what is accepted stays below its base', TEXT, (key) => {
    parseObjectKey('default', key);
    requireObjectKey(key);
    return join(BASE, key).startsWith(BASE + sep);
  }),
  target(
    'values: what is stored comes back',
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true }),
    (value) => {
      const stored = serialize(value);
      const back = deserialize(stored.type, bytesOf(stored));
      return isDeepStrictEqual(JSON.stringify(back), JSON.stringify(value)) && stored.size === bytesOf(stored).length;
    },
  ),
  target('stored bytes: a value, or a typed refusal', fc.uint8Array({ maxLength: 300 }), (bytes) => {
    deserialize('json', bytes);
  }),
  target(
    'entries: any text after a good head',
    fc.tuple(fc.constantFrom('1i', '1r', '1t', '2i', ''), NOISY_META),
    ([start, json]) => {
      const { meta } = parseEntry(headText(start, VERSION, INSTANT, INSTANT) + json, {});
      return meta.size >= 0 && (meta.ref === undefined || join(BASE, meta.ref.object).startsWith(BASE + sep));
    },
  ),
  target('entries: any text', TEXT, (text) => void parseEntry(text, {})),
  target(
    'records: any text after a good head',
    fc.tuple(fc.constantFrom('s', 'e', 'o', 'f', 'n', 'a'), NOISY_META),
    ([letter, json]) => {
      parseRecord(
        recordText({ letter, version: VERSION, updatedAt: INSTANT, expiresAt: INSTANT, submission: 2, idDigest: NO_ID, json }),
        {},
      );
    },
  ),
  target('records: any text', TEXT, (text) => void parseRecord(text, {})),
  target('URLs: an address of Redis', URL_TEXT, (url) => void parseRedis('redis', url)),
  target('URLs: a location of objects', URL_TEXT, (url) => void parseLocation('path', url)),
  target(
    'environment: any variables',
    fc.dictionary(fc.constantFrom(...NAMES), fc.oneof(URL_TEXT, NOISY_META), { maxKeys: 6 }),
    (env) => {
      configFromEnv(env);
    },
  ),
];
